"""What a worker makes of the end of a reconcile, and of its own."""

import asyncio
import logging

import pytest

from tfs_operator.cluster.errors import NotPermitted, Transient
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.metrics import Metrics
from tfs_operator.controller.reconcile import worker
from tfs_operator.controller.reconcile.reconciler import NO_REQUEUE, Result
from tfs_operator.controller.reconcile.state import TFModelState, TFModelStates
from tfs_operator.controller.reconcile.worker import UnexpectedErrors, Worker

KEY = TFModelKey("default", "mnist")


class Reconciles:
    """Ends as it is told; one that is held ends only once it is let go."""

    def __init__(self, *ends: Exception | Result) -> None:
        self._ends = list(ends)
        self.began = asyncio.Event()
        self.held = asyncio.Event()
        self.held.set()
        self.ended = 0

    async def reconcile(self, _: TFModelKey) -> Result:
        self.began.set()
        await self.held.wait()
        end = self._ends.pop(0) if len(self._ends) > 1 else self._ends[0]
        self.ended += 1
        if isinstance(end, Exception):
            raise end
        return end


class Room:
    """Of a TFModel's state."""

    def close(self) -> None: ...


class World:
    """One worker at work."""

    def __init__(self, *ends: Exception | Result) -> None:
        self.now = 1000.0
        self.queue: WorkQueue[TFModelKey] = WorkQueue()
        self.unexpected_errors = UnexpectedErrors(lambda: self.now)
        self.reconciles = Reconciles(*ends)
        self.states = TFModelStates(lambda _: TFModelState(*[Room() for _ in range(7)]))  # type: ignore[arg-type]  # of no interest
        self.worker = Worker(self.queue, self.reconciles, self.states, Metrics(), self.unexpected_errors)  # type: ignore[arg-type]  # plays the reconciler

    async def work_until(self, ended: int, settle_seconds: float = 0.0) -> None:
        working = asyncio.create_task(self.worker.work_all(2))
        async with asyncio.timeout(10):
            while self.reconciles.ended < ended:
                self.reconciles.began.clear()
                await self.reconciles.began.wait()
                await asyncio.sleep(0)
        await asyncio.sleep(settle_seconds)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    async def until_ended(self, count: int) -> None:
        working = asyncio.create_task(self.worker.work_all(2))
        async with asyncio.timeout(10):
            while self.reconciles.ended < count:
                self.queue.add(KEY)
                await asyncio.sleep(0.01)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_mistakes_count_from_the_first_of_them() -> None:
    world = World(ValueError("a mistake"))
    await world.until_ended(2)
    world.now += 30
    assert world.unexpected_errors.seconds() == 30


@pytest.mark.parametrize("end", [NO_REQUEUE, Transient("the API server is away")])
async def test_any_other_end_forgets_them(end: Exception | Result) -> None:
    world = World(ValueError("a mistake"), end)
    await world.until_ended(2)
    world.now += 30
    assert world.unexpected_errors.seconds() == 0


async def test_one_failure_is_one_line_until_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    away = Transient("the API server is away")
    with caplog.at_level(logging.WARNING):
        await World(away, away, NO_REQUEUE, away).until_ended(4)
    assert [record.getMessage() for record in caplog.records] == [f"{away}; trying again with back-off"] * 2


async def test_a_tfmodel_that_is_gone_leaves_nothing_behind() -> None:
    world = World(NO_REQUEUE)
    await world.until_ended(2)
    assert len(world.states) == 0


async def test_one_that_may_not_write_any_more_is_not_worth_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await World(NotPermitted("no lease")).until_ended(1)
    assert caplog.records == []


async def test_at_the_end_a_reconcile_may_finish() -> None:
    world = World(NO_REQUEUE)
    world.reconciles.held.clear()
    world.queue.add(KEY)
    working = asyncio.create_task(world.worker.work_all(1))
    await world.reconciles.began.wait()
    working.cancel()
    for _ in range(20):
        await asyncio.sleep(0)
    assert not working.done()
    world.reconciles.held.set()
    async with asyncio.timeout(60):
        await asyncio.gather(working, return_exceptions=True)
    assert world.reconciles.ended == 1


async def test_one_that_does_not_finish_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "GRACE_SECONDS", 0.05)
    world = World(NO_REQUEUE)
    world.reconciles.held.clear()
    world.queue.add(KEY)
    working = asyncio.create_task(world.worker.work_all(1))
    await world.reconciles.began.wait()
    working.cancel()
    async with asyncio.timeout(60):
        await asyncio.gather(working, return_exceptions=True)
    assert world.reconciles.ended == 0


class TestATFModelThatNeverComesToRest:
    """As where each pass writes another status, since a model server answers otherwise each time."""

    async def test_has_a_burst_of_passes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker, "PASSES", 5.0)
        monkeypatch.setattr(worker, "PASSES_PER_SECOND", 0.001)
        world = World(Result(seconds=0.0))
        world.queue.add(KEY)
        await world.work_until(5, settle_seconds=0.1)
        assert world.reconciles.ended == 5

    async def test_and_then_so_many_a_second(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker, "PASSES", 5.0)
        monkeypatch.setattr(worker, "PASSES_PER_SECOND", 50.0)
        world = World(Result(seconds=0.0))
        world.queue.add(KEY)
        await world.work_until(8)

    async def test_slows_down_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker, "PASSES", 1.0)
        monkeypatch.setattr(worker, "PASSES_PER_SECOND", 0.001)
        world = World(NO_REQUEUE)
        for key in [KEY, *(TFModelKey("default", f"m-{number}") for number in range(30))]:
            world.queue.add(key)
        await world.work_until(31)

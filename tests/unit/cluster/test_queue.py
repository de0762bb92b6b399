"""The work queue: no key twice at once, no wish lost, the earliest wish wins."""

import asyncio
import tracemalloc
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tfs_operator.cluster.queue import LONGEST_BACKOFF_SECONDS, QueueClosed, WorkQueue


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Metrics:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.last_depth = 0
        self.queued_seconds: list[float] = []
        self.worked_seconds: list[float] = []

    def depth(self, keys: int) -> None:
        self.last_depth = keys

    def added(self) -> None:
        self.counts["added"] += 1

    def queued(self, seconds: float) -> None:
        self.queued_seconds.append(seconds)

    def worked(self, seconds: float) -> None:
        self.worked_seconds.append(seconds)

    def retried(self) -> None:
        self.counts["retried"] += 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def queue(clock, metrics) -> WorkQueue[str]:
    return WorkQueue(clock=clock, metrics=metrics, jitter=lambda: 0.0)


async def idle(queue: WorkQueue[str]) -> bool:
    """Whether `get` has nothing to give."""
    try:
        async with asyncio.timeout(0.01):
            queue.done(await queue.get())
    except TimeoutError:
        return True
    return False


async def test_first_in_first_out_and_each_key_once(queue, metrics):
    for key in "abab":
        queue.add(key)
    assert queue.depth == 2
    assert [await queue.get(), await queue.get()] == ["a", "b"]
    assert metrics.counts["added"] == 2
    assert metrics.last_depth == 0


async def test_a_key_added_while_processed_waits_for_done(queue):
    queue.add("a")
    assert await queue.get() == "a"
    queue.add("a")
    queue.add("a")
    assert await idle(queue)
    queue.done("a")
    assert await queue.get() == "a"
    queue.done("a")
    assert await idle(queue)


async def test_a_later_key_comes_when_it_is_due(queue, clock):
    queue.add_after("a", 5)
    clock.now += 4.9
    assert await idle(queue)
    assert queue.depth == 0
    clock.now += 0.1
    assert await queue.get() == "a"


async def test_the_earliest_wish_wins(queue, clock):
    queue.add_after("a", 60)
    queue.add_after("a", 5)
    queue.add_after("a", 30)
    clock.now += 5
    assert await queue.get() == "a"
    queue.done("a")
    clock.now += 120
    assert await idle(queue)


async def test_an_immediate_wish_grants_the_later_one(queue, clock):
    queue.add_after("a", 60)
    queue.add("a")
    assert await queue.get() == "a"
    queue.done("a")
    clock.now += 61
    assert await idle(queue)


async def test_a_wish_made_while_processing_outlives_done(queue, clock):
    queue.add("a")
    await queue.get()
    queue.add_after("a", 5)
    queue.done("a")
    assert await idle(queue)
    clock.now += 5
    assert await queue.get() == "a"


async def test_a_key_that_falls_due_while_processed_waits_for_done(queue, clock):
    queue.add("a")
    await queue.get()
    queue.add_after("a", 5)
    clock.now += 6
    assert await idle(queue)
    queue.done("a")
    assert await queue.get() == "a"


async def test_no_pause_is_now(queue):
    queue.add_after("a", 0)
    assert await queue.get() == "a"


async def test_a_waiting_worker_wakes_up_by_itself():
    queue: WorkQueue[str] = WorkQueue()
    worker = asyncio.create_task(queue.get())
    for _ in range(10):
        await asyncio.sleep(0)
    queue.add_after("late", 60)
    queue.add_after("soon", 0.05)
    async with asyncio.timeout(30):
        assert await worker == "soon"


async def test_pauses_double_up_to_a_bound_and_start_anew_after_forget(clock):
    queue: WorkQueue[str] = WorkQueue(clock=clock, jitter=lambda: 1.0)

    async def pause() -> float:
        queue.add_rate_limited("a")
        began = clock.now
        while not queue.oldest_age() and not queue.depth:
            clock.now += 0.1
        queue.done(await queue.get())
        return float(clock.now - began)

    pauses = [await pause() for _ in range(14)]
    assert pauses[:4] == pytest.approx([0.2, 0.4, 0.8, 1.6], abs=0.11)
    assert max(pauses) <= LONGEST_BACKOFF_SECONDS
    queue.forget("a")
    assert await pause() == pytest.approx(0.2, abs=0.11)


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
async def test_jitter_keeps_within_the_bounds(clock, jitter):
    queue: WorkQueue[str] = WorkQueue(clock=clock, jitter=lambda: jitter)
    queue.add_rate_limited("first")
    clock.now += 0.19
    assert await idle(queue)
    clock.now += 0.07
    assert await queue.get() == "first"
    for _ in range(200):
        queue.add_rate_limited("often")
        queue.add("often")
        queue.done(await queue.get())
    queue.add_rate_limited("often")
    clock.now += LONGEST_BACKOFF_SECONDS
    assert await queue.get() == "often"


async def test_says_how_long_keys_wait_and_workers_work(queue, clock, metrics):
    assert (queue.oldest_age(), queue.longest_running()) == (0, 0)
    queue.add("a")
    clock.now += 3
    queue.add("b")
    clock.now += 1
    assert queue.oldest_age() == 4
    await queue.get()
    assert queue.oldest_age() == 1
    clock.now += 2
    assert queue.longest_running() == 2
    queue.done("a")
    assert metrics.queued_seconds == [4]
    assert metrics.worked_seconds == [2]


async def test_close_sends_workers_home(queue):
    workers = [asyncio.create_task(queue.get()) for _ in range(3)]
    await asyncio.sleep(0)
    queue.close()
    results = await asyncio.gather(*workers, return_exceptions=True)
    assert [type(result) for result in results] == [QueueClosed] * 3
    queue.add("a")
    with pytest.raises(QueueClosed):
        await queue.get()


async def test_a_cancelled_worker_takes_no_key_along(queue):
    workers = [asyncio.create_task(queue.get()) for _ in range(2)]
    await asyncio.sleep(0)
    queue.add("a")
    workers[0].cancel()
    async with asyncio.timeout(60):
        assert await workers[1] == "a"


async def test_due_times_that_move_forward_do_not_pile_up(queue):
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(10_000):
            queue.add_after("a", 20_000 - number)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 100_000, "10,000 of them would take ten times as much"


async def test_many_workers_share_many_keys_without_overlap():
    queue: WorkQueue[int] = WorkQueue()
    running: set[int] = set()
    worked: Counter[int] = Counter()

    async def worker() -> None:
        while True:
            key = await queue.get()
            assert key not in running
            running.add(key)
            await asyncio.sleep(0)
            worked[key] += 1
            running.discard(key)
            queue.done(key)

    workers = [asyncio.create_task(worker()) for _ in range(8)]
    for round_ in range(20):
        for key in range(50):
            queue.add(key) if round_ % 2 else queue.add_after(key, 0.001)
        await asyncio.sleep(0.002)
    while queue.depth or running:  # noqa: ASYNC110  the queue has no event for "empty"
        await asyncio.sleep(0.001)
    assert set(worked) == set(range(50))
    assert not any(task.done() for task in workers)
    queue.close()
    await asyncio.gather(*workers, return_exceptions=True)


def taken(queue: WorkQueue[str]) -> str:
    """A key that is ready, without an event loop: `get` waits for nothing then."""
    getting = queue.get()
    try:
        getting.send(None)
    except StopIteration as end:
        return str(end.value)
    finally:
        getting.close()
    raise AssertionError("it waits, though a key is ready")


class QueueMachine(RuleBasedStateMachine):
    """Against a model that is a dictionary: per key, its earliest due time."""

    keys = st.sampled_from("abc")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.queue: WorkQueue[str] = WorkQueue(clock=self.clock)
        self.due: dict[str, float] = {}
        self.processing: set[str] = set()

    def is_due(self, key: str, due: float) -> None:
        self.due[key] = min(due, self.due.get(key, due))

    def takeable(self) -> set[str]:
        due = {key for key, due in self.due.items() if due <= self.clock.now}
        return due - self.processing

    @rule(key=keys)
    def add(self, key: str) -> None:
        self.queue.add(key)
        self.is_due(key, self.clock.now)

    @rule(key=keys, seconds=st.integers(0, 5))
    def add_after(self, key: str, seconds: int) -> None:
        self.queue.add_after(key, seconds)
        self.is_due(key, self.clock.now + seconds)

    @rule(seconds=st.integers(1, 3))
    def pass_time(self, seconds: int) -> None:
        self.clock.now += seconds

    @precondition(lambda self: self.takeable())
    @rule()
    def get(self) -> None:
        key = taken(self.queue)
        assert key in self.takeable()
        del self.due[key]
        self.processing.add(key)

    @precondition(lambda self: self.processing)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.processing)))
        self.queue.done(key)
        self.processing.discard(key)

    @invariant()
    def ready_is_what_is_due_and_not_being_processed(self) -> None:
        self.queue.oldest_age()  # makes ready what is due
        assert self.queue.depth == len(self.takeable())

    def teardown(self) -> None:
        """In the end each key that was added comes once more, and no other."""
        for key in sorted(self.processing):
            self.queue.done(key)
        self.clock.now += 10
        self.queue.oldest_age()
        rest = [taken(self.queue) for _ in range(self.queue.depth)]
        assert sorted(rest) == sorted(self.due)


QueueMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestQueueMachine = QueueMachine.TestCase

"""Two candidates for the same Lease, on a server that checks resourceVersions; time is the tests' own."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tfs_operator.cluster import errors, lease
from tfs_operator.cluster.lease import Lease, LeaseLost, Times

Manifest = dict[str, Any]


_yield = asyncio.sleep
"""The real one."""
_TURNS = 10
"""Of the event loop, in which everybody who is awake has come to his next sleep."""


class Clock:
    """Time goes by only while all sleep, up to the one who is to wake first."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._due: dict[object, float] = {}

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        sleeper, due = object(), self.now + max(seconds, 0.0)
        self._due[sleeper] = due
        try:
            await self._turns()
            while min(self._due.values()) < due:
                await self._turns()
            self.now = max(self.now, due)
        finally:
            del self._due[sleeper]

    async def reach(self, moment: float, *tasks: "asyncio.Task[None]") -> None:
        """Until then, or until one of the tasks has ended."""
        while self.now < moment and not any(task.done() for task in tasks):
            await _yield(0)

    async def _turns(self) -> None:
        for _ in range(_TURNS):
            await _yield(0)


class Server:
    """Holds one Lease; `failure` is raised instead of answering."""

    def __init__(self) -> None:
        self.live: Manifest | None = None
        self.version = 0
        self.failure: Exception | None = None
        self.writes = 0

    @property
    def spec(self) -> Manifest:
        return dict(self.live["spec"]) if self.live else {}

    async def get(self, kind: str, namespace: str, name: str) -> Manifest | None:
        self._fail()
        return self.live

    async def post(self, manifest: Manifest) -> Manifest:
        self._fail()
        if self.live is not None:
            raise errors.Conflict("exists")
        return self._store(manifest)

    async def replace(self, manifest: Manifest) -> Manifest:
        self._fail()
        if self.live is None or manifest["metadata"]["resourceVersion"] != self.live["metadata"]["resourceVersion"]:
            raise errors.Conflict("changed")
        return self._store(manifest)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _store(self, manifest: Manifest) -> Manifest:
        self.version += 1
        self.writes += 1
        self.live = {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": str(self.version)}}
        return self.live


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("tfs_operator.cluster.lease.asyncio.sleep", made.sleep)
    return made


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def candidate(clock: Clock, server: Server) -> Callable[[str], Lease]:
    return lambda name: Lease(server, "ns", "tfs-operator", name, clock=clock)  # type: ignore[arg-type]  # as much of a client as it needs


async def test_the_first_one_makes_the_lease(candidate: Callable[[str], Lease], server: Server) -> None:
    one = candidate("one")
    assert one.remaining() == 0
    await one.acquire()
    assert one.remaining() == 7
    assert (server.spec["holderIdentity"], server.spec["leaseDurationSeconds"]) == ("one", 10)
    assert server.spec["leaseTransitions"] == 0


async def test_a_released_lease_is_taken_at_once(
    candidate: Callable[[str], Lease], server: Server, clock: Clock
) -> None:
    one, other = candidate("one"), candidate("other")
    await one.acquire()
    await one.release()
    assert one.remaining() == 0
    assert server.spec["holderIdentity"] == ""
    before = clock.now
    await other.acquire()
    assert clock.now == before
    assert server.spec["leaseTransitions"] == 1


async def test_a_holder_that_is_gone_is_waited_for_as_long_as_it_said(
    candidate: Callable[[str], Lease], server: Server, clock: Clock
) -> None:
    """From when its record was seen last to change, and by no clock but one's own."""
    one, other = candidate("one"), candidate("other")
    await one.acquire()
    server.live = {**server.live, "spec": {**server.spec, "renewTime": "2001-01-01T00:00:00.000000Z"}}  # type: ignore[dict-item]  # there is one
    clock.now += 100
    before = clock.now
    await other.acquire()
    assert clock.now - before == 10


async def test_a_holder_that_renews_keeps_it(candidate: Callable[[str], Lease], server: Server, clock: Clock) -> None:
    one, other = candidate("one"), candidate("other")
    await one.acquire()
    waiting = asyncio.create_task(other.acquire())
    keeping = asyncio.create_task(one.keep())
    await clock.reach(1100, waiting, keeping)
    assert not waiting.done()
    assert not keeping.done()
    assert server.spec["holderIdentity"] == "one"
    for task in (waiting, keeping):
        task.cancel()
    await asyncio.gather(waiting, keeping, return_exceptions=True)


@pytest.mark.parametrize("failure", [errors.Transient("no answer"), errors.Forbidden("no"), TimeoutError()])
async def test_a_holder_that_cannot_renew_gives_up_before_another_one_may_begin(
    candidate: Callable[[str], Lease], server: Server, clock: Clock, failure: Exception
) -> None:
    one = candidate("one")
    await one.acquire()
    server.failure = failure
    before = clock.now
    with pytest.raises(LeaseLost, match="not renewed for 7 s"):
        await one.keep()
    assert 7 <= clock.now - before < 8
    assert one.remaining() == 0


async def test_a_renewal_that_fails_for_a_while_is_no_loss(
    candidate: Callable[[str], Lease], server: Server, clock: Clock
) -> None:
    one = candidate("one")
    await one.acquire()
    server.failure = errors.Transient("no answer")
    keeping = asyncio.create_task(one.keep())
    await clock.reach(1004, keeping)
    server.failure = None
    await clock.reach(1100, keeping)
    assert not keeping.done()
    assert one.remaining() > 4
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def test_one_that_hung_notices_it_before_it_asks_anybody(
    candidate: Callable[[str], Lease], server: Server, clock: Clock
) -> None:
    one, other = candidate("one"), candidate("other")
    await one.acquire()
    clock.now += 20
    await other.acquire()
    writes = server.writes
    assert one.remaining() == 0
    with pytest.raises(LeaseLost):
        await one.keep()
    assert server.writes == writes


async def test_a_lease_that_somebody_took_away_is_lost(candidate: Callable[[str], Lease], server: Server) -> None:
    one = candidate("one")
    await one.acquire()
    await server.replace({**server.live, "spec": {**server.spec, "holderIdentity": "admin"}})  # type: ignore[dict-item]  # there is one
    with pytest.raises(LeaseLost, match="held by admin"):
        await one.keep()
    await one.release()
    assert server.spec["holderIdentity"] == "admin"


async def test_a_lease_that_somebody_labelled_or_deleted_is_kept(
    candidate: Callable[[str], Lease], server: Server, clock: Clock
) -> None:
    one = candidate("one")
    await one.acquire()
    keeping = asyncio.create_task(one.keep())
    await server.replace({**server.live, "spec": server.spec})  # type: ignore[dict-item]  # there is one
    await clock.reach(1010, keeping)
    server.live = None
    await clock.reach(1020, keeping)
    assert not keeping.done()
    assert server.spec["holderIdentity"] == "one"
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def test_whoever_never_asked_for_it_releases_nothing(candidate: Callable[[str], Lease], server: Server) -> None:
    await candidate("one").acquire()
    await candidate("other").release()
    assert server.spec["holderIdentity"] == "one"


@pytest.mark.parametrize(
    ("duration", "renew_deadline", "retry"), [(10, 10, 2), (10, 9.5, 2), (10, 7, 4), (10, 7, 0), (301, 7, 2)]
)
def test_times_with_which_two_could_act_are_refused(duration: int, renew_deadline: float, retry: float) -> None:
    with pytest.raises(ValueError, match=r"lease duration|retry period"):
        Times(duration, renew_deadline, retry)


def test_no_two_identities_are_alike() -> None:
    assert lease.identity("pod") != lease.identity("pod")
    assert lease.identity("pod").startswith("pod_")


def test_outside_a_pod_there_is_no_own_namespace() -> None:
    with pytest.raises(errors.ClusterError, match="--lease-namespace"):
        lease.own_namespace()

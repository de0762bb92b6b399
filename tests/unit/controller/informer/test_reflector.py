"""Watches that go on, whatever an API server answers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tfs_operator.cluster.cache import Cache
from tfs_operator.cluster.client import Keep
from tfs_operator.cluster.errors import ClusterError, Forbidden, Gone, Transient
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.cluster.watch_events import WatchEvent
from tfs_operator.controller.informer import reflector
from tfs_operator.controller.informer.informer import Informer
from tfs_operator.controller.informer.reflector import Reflector
from tfs_operator.controller.informer.throttle import Throttle
from tfs_operator.controller.key import TFModelKey

SCOPE = ("Service", None)
KEY = TFModelKey("default", "mnist")
Item = dict[str, Any]


def service(name: str, version: int) -> Item:
    owner = {"kind": "TFModel", "name": "mnist", "uid": "u1", "controller": True}
    metadata = {"name": name, "namespace": "default", "uid": name, "resourceVersion": str(version)}
    return {"metadata": {**metadata, "ownerReferences": [owner]}}


class ApiServer:
    """Lists what it is told to have; its watches give one answer after the other, and the last one goes on for ever."""

    def __init__(self, *watches: Sequence[WatchEvent] | ClusterError, refused: int = 0) -> None:
        self.items: list[Item] = []
        self.version = 10
        self.asked: list[str] = []
        """`list`, or the version that a watch begins at."""
        self.refused = refused
        """So many of the next lists."""
        self._watches = list(watches)
        self.done = asyncio.Event()

    async def list(
        self, kind: str, *, label_selector: str, namespace: str | None, keep: Keep
    ) -> tuple[list[Item], str]:
        self.asked.append("list")
        if self.refused:
            self.refused -= 1
            raise Forbidden("no")
        kept = (keep({**item, "kind": kind}) for item in self.items)
        return [item for item in kept if item is not None], str(self.version)

    @asynccontextmanager
    async def watch(
        self, kind: str, version: str, *, label_selector: str, namespace: str | None
    ) -> AsyncIterator[AsyncIterator[WatchEvent]]:
        self.asked.append(version)
        assert label_selector == "app.kubernetes.io/managed-by=tfs-operator"
        answer = self._watches.pop(0)
        if isinstance(answer, ClusterError):
            raise answer
        yield self._events(answer)

    async def _events(self, answer: Sequence[WatchEvent]) -> AsyncIterator[WatchEvent]:
        for event in answer:
            yield event
        if not self._watches:
            self.done.set()
            await asyncio.Event().wait()


async def followed(
    api: ApiServer, scope: tuple[str, str | None] = SCOPE, refused: int = 0
) -> tuple[Cache, WorkQueue[TFModelKey]]:
    """From the first list on, until the last watch has given what it has; of later lists so many are refused."""
    cache, queue = Cache(), WorkQueue[TFModelKey]()
    informer = Informer(api, cache, queue, namespaces=(scope[1],) if scope[1] else ())  # type: ignore[arg-type]  # plays the client
    informer.lead()
    tfmodel = {"name": "mnist", "namespace": "default", "uid": "u1", "resourceVersion": "1"}
    cache.upsert({"kind": "TFModel", "metadata": tfmodel})
    await informer.relist(scope)
    api.refused += refused
    # A clock by which nothing is repeated too soon.
    ticks = iter(range(0, 10_000, 100))
    throttle = Throttle(clock=lambda: next(ticks))
    task = asyncio.create_task(Reflector(api, informer, throttle).follow(scope))  # type: ignore[arg-type]  # plays the client
    async with asyncio.timeout(60):
        await api.done.wait()
    task.cancel()
    return cache, queue


def names(cache: Cache) -> set[str]:
    return {key.name for key in cache.keys("Service")}


async def test_a_watch_begins_where_the_list_ended_and_tells_of_what_comes() -> None:
    api = ApiServer([WatchEvent("ADDED", service("a", 11)), WatchEvent("ADDED", service("b", 12))])
    cache, queue = await followed(api)
    assert api.asked == ["list", "10"]
    assert names(cache) == {"a", "b"}
    assert await queue.get() == KEY


async def test_a_watch_that_ends_goes_on_where_it_was_without_a_list() -> None:
    bookmark = WatchEvent("BOOKMARK", {"metadata": {"resourceVersion": "20"}})
    api = ApiServer([WatchEvent("ADDED", service("a", 11)), bookmark], [WatchEvent("DELETED", service("a", 21))])
    cache, _ = await followed(api)
    assert api.asked == ["list", "10", "20"]
    assert names(cache) == set()


@pytest.mark.parametrize("failure", [Transient("cut"), Forbidden("for now")])
async def test_a_watch_that_fails_goes_on_where_it_was(failure: ClusterError, caplog: pytest.LogCaptureFixture) -> None:
    api = ApiServer([WatchEvent("ADDED", service("a", 11))], failure, failure, [WatchEvent("ADDED", service("b", 12))])
    cache, _ = await followed(api)
    assert api.asked == ["list", "10", "11", "11", "11"]
    assert names(cache) == {"a", "b"}
    assert [record.levelno for record in caplog.records] == [logging.WARNING], "said once"


async def test_a_version_that_is_gone_means_a_list_and_what_vanished_meanwhile_is_missed_by_no_one() -> None:
    api = ApiServer([WatchEvent("ADDED", service("a", 11))], Gone("too old"), [])
    api.version = 30
    cache, queue = await followed(api)
    assert api.asked == ["list", "30", "11", "list", "30"]
    assert names(cache) == set()
    assert await queue.get() == KEY


async def test_it_waits_as_long_as_the_api_server_asks() -> None:
    api = ApiServer(Transient("slow down", retry_after=0.3), [])
    loop = asyncio.get_running_loop()
    began = loop.time()
    await followed(api)
    assert loop.time() - began >= 0.3


async def test_a_namespace_that_is_left_out_is_watched_once_it_may_be(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reflector, "LEFT_OUT_SECONDS", 0.01)
    api = ApiServer([], refused=3)
    await followed(api, ("Service", "team"))
    assert api.asked == ["list"] * 4 + ["10"]
    assert [record.getMessage() for record in caplog.records] == [
        "namespace team is left out until its Role allows it: no"
    ], "said once"


async def test_a_list_that_is_refused_everywhere_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    api = ApiServer(Gone("too old"), [])
    await followed(api, refused=2)
    assert api.asked == ["list", "10", "list", "list", "list", "10"]
    assert [record.getMessage() for record in caplog.records] == ["watching Service: no; trying again"], "said once"

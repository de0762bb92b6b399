"""From what is seen to what is looked at."""

import asyncio
from typing import Any

import pytest

from tfs_operator.cluster.cache import Cache, Key
from tfs_operator.cluster.client import Keep
from tfs_operator.cluster.errors import Forbidden, Transient
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.informer.informer import Informer
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.kinds import WATCHED_KINDS, scopes

KEY = TFModelKey("default", "mnist")
Manifest = dict[str, Any]


def tfmodel(version: int = 5) -> Manifest:
    metadata = {"name": "mnist", "namespace": "default", "uid": "u1", "resourceVersion": str(version)}
    return {"kind": "TFModel", "metadata": metadata}


def service(version: int = 6) -> Manifest:
    owner = {"kind": "TFModel", "name": "mnist", "uid": "u1", "controller": True}
    metadata = {"name": "x", "namespace": "default", "uid": "u2", "resourceVersion": str(version)}
    return {"kind": "Service", "metadata": {**metadata, "ownerReferences": [owner]}}


def pod(version: int = 7) -> Manifest:
    labels = {"app.kubernetes.io/instance": "mnist"}
    metadata = {"name": "p", "namespace": "default", "uid": "u3", "resourceVersion": str(version), "labels": labels}
    return {"kind": "Pod", "metadata": metadata}


class Lists:
    """Answers lists as it is told; None is an API server that does not answer."""

    def __init__(self, *answers: dict[str, list[Manifest]] | None) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def list(
        self, kind: str, *, label_selector: str, namespace: str | None, keep: Keep
    ) -> tuple[list[Manifest], str]:
        answer = self._answers[min(self.asked // len(WATCHED_KINDS), len(self._answers) - 1)]
        if answer is None:
            self._answers.pop(0)
            raise Transient("no answer")
        self.asked += 1
        assert label_selector == ("" if kind == "TFModel" else "app.kubernetes.io/managed-by=tfs-operator")
        kept = (keep(item) for item in answer.get(kind, []))
        return [item for item in kept if item is not None], "100"


def made(lists: Lists, **more: Any) -> tuple[Informer, WorkQueue[TFModelKey], Cache]:
    queue: WorkQueue[TFModelKey] = WorkQueue()
    cache = Cache()
    informer = Informer(lists, cache, queue, **more)  # type: ignore[arg-type]  # a client that only lists
    informer.lead()
    return informer, queue, cache


def knowing(lists: Lists) -> tuple[Informer, WorkQueue[TFModelKey], Cache]:
    """The cache has the TFModel already, as it has when its children are made."""
    informer, queue, cache = made(lists)
    cache.upsert(tfmodel(4))
    return informer, queue, cache


@pytest.mark.parametrize("item", [tfmodel(), service(), pod()], ids=lambda item: item["kind"])
async def test_whatever_belongs_to_a_tfmodel_enqueues_it(item: Manifest) -> None:
    informer, queue, _ = knowing(Lists({}))
    informer.ingest("ADDED", item)
    assert await queue.get() == KEY


async def test_what_is_known_already_enqueues_nothing() -> None:
    informer, queue, _ = knowing(Lists({}))
    informer.ingest("ADDED", service())
    queue.done(await queue.get())
    informer.ingest("MODIFIED", service())
    assert queue.depth == 0


async def test_a_deleted_child_enqueues_its_tfmodel() -> None:
    informer, queue, cache = knowing(Lists({}))
    informer.ingest("ADDED", service())
    queue.done(await queue.get())
    informer.ingest("DELETED", service(8))
    assert await queue.get() == KEY
    assert cache.get("Service", "default", "x") is None


@pytest.mark.parametrize(
    "owners", [[], [{"kind": "Deployment", "name": "mnist", "uid": "u1", "controller": True}]], ids=["none", "another"]
)
async def test_a_child_of_no_tfmodel_is_not_kept(owners: list[Manifest]) -> None:
    informer, queue, cache = knowing(Lists({}))
    informer.ingest("ADDED", service())
    queue.done(await queue.get())
    orphaned = service(8)
    orphaned["metadata"] |= {"ownerReferences": owners, "labels": {"app.kubernetes.io/instance": "mnist"}}
    informer.ingest("MODIFIED", orphaned)
    assert await queue.get() == KEY, "its TFModel adopts it"
    assert cache.get("Service", "default", "x") is None
    informer.ingest("MODIFIED", {**orphaned, "metadata": {**orphaned["metadata"], "resourceVersion": "9"}})
    assert queue.depth == 0


async def test_of_a_child_whose_tfmodel_is_not_known_only_the_name_is_kept() -> None:
    informer, queue, cache = made(Lists({}))
    for version in (6, 7):
        informer.ingest("ADDED", {**service(version), "spec": {"ports": ["x" * 1_000_000]}})
    assert "spec" not in (cache.get("Service", "default", "x") or {})
    assert queue.depth == 0


async def test_children_that_were_seen_before_their_tfmodel_are_listed_again() -> None:
    child = {**service(), "spec": {"ports": []}}
    informer, queue, cache = made(Lists({"Service": [child]}), settle_seconds=0.01)
    informer.ingest("ADDED", child)
    informer.ingest("ADDED", tfmodel())
    assert cache.incomplete("u1") == [Key("Service", "default", "x")]
    queue.done(await queue.get())
    looking = asyncio.create_task(informer.look_for_missing())
    async with asyncio.timeout(60):
        assert await queue.get() == KEY
    assert cache.incomplete("u1") == []
    assert (cache.get("Service", "default", "x") or {})["spec"] == {"ports": []}
    looking.cancel()


async def test_one_that_stands_by_fills_its_cache_and_enqueues_everything_once_it_leads() -> None:
    queue: WorkQueue[TFModelKey] = WorkQueue()
    cache = Cache()
    lists = Lists({"TFModel": [tfmodel()], "Service": [service()], "Pod": [pod()]})
    informer = Informer(lists, cache, queue)  # type: ignore[arg-type]  # a client that only lists
    await informer.fill()
    informer.ingest("MODIFIED", pod(8))
    assert queue.depth == 0
    assert len(cache) == 3
    informer.lead()
    assert queue.depth == 1
    assert await queue.get() == KEY


async def test_the_first_lists_wait_for_a_silent_api_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfs_operator.controller.informer.informer.RETRY_SECONDS", 0.01)
    informer, _, cache = made(Lists(None, None, {"TFModel": [tfmodel()]}))
    async with asyncio.timeout(60):
        await informer.fill()
        await informer.filled()
    assert len(cache) == 1


class Refusing(Lists):
    """Allows only one namespace."""

    async def list(
        self, kind: str, *, label_selector: str, namespace: str | None, keep: Keep
    ) -> tuple[list[Manifest], str]:
        if namespace != "allowed":
            raise Forbidden("no")
        return await super().list(kind, label_selector=label_selector, namespace=namespace, keep=keep)


async def test_a_namespace_whose_role_is_missing_is_left_out() -> None:
    allowed = {"kind": "TFModel", "metadata": {**tfmodel()["metadata"], "namespace": "allowed"}}
    informer, _, cache = made(Refusing({"TFModel": [allowed]}), namespaces=("other", "allowed"))
    await informer.fill()
    assert len(cache) == 1


async def test_to_be_refused_everywhere_is_an_error() -> None:
    informer, _, _ = made(Refusing({}))
    with pytest.raises(Forbidden):
        await informer.fill()


async def test_ready_once_every_watch_has_begun() -> None:
    informer, _, _ = made(Lists({}), namespaces=("a", "b"))
    ready = asyncio.create_task(informer.ready())
    for scope in scopes(("a", "b")):
        await asyncio.sleep(0)
        assert not ready.done()
        informer.watching(scope)
    async with asyncio.timeout(60):
        await ready


async def test_what_a_watch_does_not_list_any_more_is_looked_for() -> None:
    """The watch's own list brings the TFModel, and neither the service nor a word of its end."""
    lists = Lists({"TFModel": [tfmodel()], "Service": [service()]}, {})
    informer, queue, cache = made(lists, settle_seconds=0.01)
    await informer.fill()
    queue.done(await queue.get())
    looking = asyncio.create_task(informer.look_for_missing())
    informer.listing(("TFModel", None))
    informer.ingest(None, tfmodel())
    informer.watching(("TFModel", None))
    informer.listing(("Service", None))
    informer.watching(("Service", None))
    async with asyncio.timeout(60):
        assert await queue.get() == KEY
    assert cache.get("Service", "default", "x") is None
    assert cache.get("TFModel", *KEY) is not None
    assert lists.asked == len(WATCHED_KINDS) + 1
    looking.cancel()


async def test_a_resync_finds_what_was_deleted_unseen_and_survives_a_silent_api_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tfs_operator.controller.informer.informer.RETRY_SECONDS", 0.01)
    lists = Lists({"TFModel": [tfmodel()], "Service": [service()]}, None, {"TFModel": [tfmodel()]})
    informer, queue, cache = made(lists, resync_seconds=0.01)
    await informer.fill()
    queue.done(await queue.get())
    resync = asyncio.create_task(informer.resync_forever())
    async with asyncio.timeout(60):
        assert await queue.get() == KEY
    assert cache.get("Service", "default", "x") is None
    resync.cancel()


async def test_what_the_cluster_does_not_know_is_neither_listed_nor_waited_for() -> None:
    """Else nobody would ever be ready."""
    informer, _, _ = made(Lists({}))
    informer.leave_out({"ScaledObject"})
    for kind in WATCHED_KINDS:
        if kind != "ScaledObject":
            informer.watching((kind, None))
    async with asyncio.timeout(60):
        await informer.ready()

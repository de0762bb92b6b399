"""From what is seen to what is looked at."""

import asyncio
from typing import Any

import pytest

from tfs_operator.cluster.cache import Cache
from tfs_operator.cluster.errors import Transient
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.intake import Intake
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.kinds import WATCHED_KINDS

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

    async def list(self, kind: str, *, label_selector: str) -> tuple[list[Manifest], str]:
        answer = self._answers[min(self.asked // len(WATCHED_KINDS), len(self._answers) - 1)]
        if answer is None:
            self._answers.pop(0)
            raise Transient("no answer")
        self.asked += 1
        assert label_selector == ("" if kind == "TFModel" else "app.kubernetes.io/managed-by=tfs-operator")
        return answer.get(kind, []), "100"


def made(lists: Lists, **more: float) -> tuple[Intake, WorkQueue[TFModelKey], Cache]:
    queue: WorkQueue[TFModelKey] = WorkQueue()
    cache = Cache()
    return Intake(lists, cache, queue, **more), queue, cache  # type: ignore[arg-type]  # a client that only lists


@pytest.mark.parametrize("item", [tfmodel(), service(), pod()], ids=lambda item: item["kind"])
async def test_whatever_belongs_to_a_tfmodel_enqueues_it(item: Manifest) -> None:
    intake, queue, _ = made(Lists({}))
    intake.ingest("ADDED", item)
    assert await queue.get() == KEY


async def test_what_is_known_already_enqueues_nothing() -> None:
    intake, queue, _ = made(Lists({}))
    intake.ingest("ADDED", service())
    queue.done(await queue.get())
    intake.ingest("MODIFIED", service())
    assert queue.depth == 0


async def test_a_deleted_child_enqueues_its_tfmodel() -> None:
    intake, queue, cache = made(Lists({}))
    intake.ingest("ADDED", service())
    queue.done(await queue.get())
    intake.ingest("DELETED", service(8))
    assert await queue.get() == KEY
    assert cache.get("Service", "default", "x") is None


async def test_the_first_lists_enqueue_every_tfmodel_once() -> None:
    intake, queue, cache = made(Lists({"TFModel": [tfmodel()], "Service": [service()], "Pod": [pod()]}))
    await intake.fill()
    assert queue.depth == 1
    assert await queue.get() == KEY
    assert len(cache) == 3


async def test_a_resync_finds_what_was_deleted_unseen_and_survives_a_silent_api_server() -> None:
    lists = Lists({"TFModel": [tfmodel()], "Service": [service()]}, None, {"TFModel": [tfmodel()]})
    intake, queue, cache = made(lists, resync_seconds=0.01)
    await intake.fill()
    queue.done(await queue.get())
    resync = asyncio.create_task(intake.resync_forever())
    async with asyncio.timeout(5):
        assert await queue.get() == KEY
    assert cache.get("Service", "default", "x") is None
    resync.cancel()

"""The memory of model servers, as the resource metrics API tells it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from testing.waiting import eventually_async
from tests.unit.fetcher.clock import Clock
from tfs_operator.api.manifest import Manifest
from tfs_operator.cluster.errors import ClusterError, Forbidden, NotFound, Transient
from tfs_operator.controller.pods import memory
from tfs_operator.controller.pods.memory import KEPT_SECONDS, MemoryReader

MIB = 1024 * 1024


def item(name: str, namespace: str = "ml", **containers: str) -> Manifest:
    usage = [
        {"name": each.replace("_", "-"), "usage": {"cpu": "1m", "memory": used}} for each, used in containers.items()
    ]
    return {"metadata": {"name": name, "namespace": namespace}, "containers": usage}


class Api:
    """Answers `items`, or raises `error`."""

    def __init__(self, *items: Manifest) -> None:
        self.items: Sequence[Manifest] = items
        self.error: ClusterError | None = None
        self.asked: list[str | None] = []

    async def pod_metrics(self, *, label_selector: str, namespace: str | None) -> Sequence[Manifest]:
        assert label_selector == "app.kubernetes.io/name=tensorflow-serving,app.kubernetes.io/managed-by=tfs-operator"
        self.asked.append(namespace)
        if self.error:
            raise self.error
        return self.items


def reader(api: Api, **more: Any) -> MemoryReader:
    return MemoryReader(api, more.pop("wanted", lambda: True), **more)  # type: ignore[arg-type]  # all of it that is used


async def test_the_servers_own_container_counts() -> None:
    found = reader(Api(item("a", model_server="512Mi", fetcher="64Mi"), item("b", agent="1Mi")))
    assert found.of("ml", "a") is None
    await found.read()
    assert found.of("ml", "a") == 512 * MIB
    assert found.of("other", "a") is None
    assert found.of("ml", "b") is None


async def test_only_the_namespaces_that_are_served_are_asked_for() -> None:
    api = Api()
    await reader(api, namespaces=("a", "b")).read()
    await reader(api).read()
    assert api.asked == ["a", "b", None]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            NotFound("the server could not find the requested resource"),
            "has no resource metrics API (metrics.k8s.io): install",
        ),
        (Transient("503"), "the resource metrics API fails: 503"),
        (Forbidden("pods.metrics.k8s.io is forbidden"), "fails: pods.metrics.k8s.io is forbidden"),
    ],
)
async def test_a_failure_is_said_until_a_reading_comes(error: ClusterError, words: str) -> None:
    api = Api(item("a", model_server="1Mi"))
    found = reader(api)
    assert found.problem == ""
    api.error = error
    await found.read()
    assert words in found.problem
    api.error = None
    await found.read()
    assert found.problem == ""


@pytest.mark.parametrize(
    "odd",
    [
        {"containers": [{"name": "model-server", "usage": {"memory": "1"}}]},
        item("a", model_server="1e999999"),
        {"a": 1},
    ],
    ids=["without a name", "more than any", "another object"],
)
async def test_what_is_no_reading_is_said(odd: Manifest) -> None:
    found = reader(Api(odd))
    await found.read()
    assert found.of("ml", "a") is None
    assert ("is no reading" in found.problem) == (odd != {"a": 1})


async def test_an_old_reading_is_none() -> None:
    clock, api = Clock(), Api(item("a", model_server="1Mi"))
    found = reader(api, clock=clock)
    await found.read()
    api.error = Transient("503")
    clock.now += KEPT_SECONDS - 1
    await found.read()
    assert found.of("ml", "a") == MIB
    clock.now += 1
    assert found.of("ml", "a") is None


async def test_nothing_is_asked_for_while_nobody_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_LOOK_SECONDS", 0.001)
    api, wanted, looked = Api(), False, asyncio.Event()

    def looks() -> bool:
        looked.set()
        return wanted

    running = asyncio.create_task(reader(api, wanted=looks).run())
    await looked.wait()
    assert api.asked == []
    wanted = True
    await eventually_async(lambda: api.asked)
    running.cancel()
    await asyncio.wait({running})
    assert api.asked == [None], "once a minute"

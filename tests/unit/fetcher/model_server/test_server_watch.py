"""A model server that starts, ends and starts again, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from tests.unit.fetcher.scene import eventually
from tests.unit.fetcher.status_server import StatusServer
from tfs_operator.domain.fetch_protocol import ExpectedModel, VersionSet
from tfs_operator.fetcher.model_server.client import ModelServerClient
from tfs_operator.fetcher.model_server.readiness import Readiness
from tfs_operator.fetcher.model_server.server_watch import ServerWatch


def model(name: str = "m", **labels: int) -> ExpectedModel:
    return ExpectedModel(name=name, base_path=f"/{name}", serve=VersionSet(versions=(1, 2)), labels=labels)


@dataclass
class Scene:
    server: StatusServer
    readiness: Readiness
    expected: tuple[ExpectedModel, ...]

    @property
    def ready(self) -> bool:
        return self.readiness.why_not() is None

    async def restart(self) -> None:
        """Another process, which answers as `server` says by then."""
        port = int(self.server.url.rpartition(":")[2])
        await self.server.stop()
        await eventually(lambda: not self.readiness.is_latched)
        await self.server.start(port)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """An operator gives orders all the time; version 1 is AVAILABLE and has the label, which is committed for 2."""
    server = StatusServer()
    await server.start()
    server.says("m", {1: "AVAILABLE", 2: "LOADING"})
    server.labels["m"] = {"stable": 1}
    async with aiohttp.ClientSession() as session:
        readiness = Readiness()
        found = Scene(server, readiness, (model(stable=2),))
        client = ModelServerClient(server.url, session)
        watch = ServerWatch(client, lambda: found.expected, dict, readiness)
        tasks = [asyncio.create_task(watch.run()), asyncio.create_task(_ordered_for_ever(readiness))]
        yield found
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    await server.stop()


async def _ordered_for_ever(readiness: Readiness) -> None:
    while True:
        readiness.ordered()
        await asyncio.sleep(0.1)


def comes_into_step(server: StatusServer) -> None:
    server.says("m", {1: "AVAILABLE", 2: "AVAILABLE"})
    server.labels["m"] = {"stable": 2}


async def test_it_is_waited_for_until_it_is_in_step(scene: Scene) -> None:
    await eventually(lambda: "label stable answers version 1" in scene.readiness.lag)
    assert not scene.ready
    comes_into_step(scene.server)
    await eventually(lambda: scene.ready)


async def test_another_process_is_asked_anew(scene: Scene) -> None:
    comes_into_step(scene.server)
    await eventually(lambda: scene.ready)
    scene.server.labels["m"] = {"stable": 1}
    await scene.restart()
    await eventually(lambda: "label stable answers version 1" in scene.readiness.lag)
    assert not scene.ready
    comes_into_step(scene.server)
    await eventually(lambda: scene.ready)


async def test_several_models_are_ready_for_those_that_work(scene: Scene) -> None:
    """The first has lost its folder, and nothing can bring it back."""
    scene.expected = (model("lost"), model("m", stable=1))
    await eventually(lambda: scene.ready)
    scene.server.says("m", {1: "END"})
    await eventually(lambda: not scene.ready)
    scene.server.says("lost", {1: "AVAILABLE"})
    await eventually(lambda: scene.ready)


async def test_nothing_is_served_yet(scene: Scene) -> None:
    scene.server.says("m", {1: "LOADING"})
    scene.expected = (model("m"),)
    asked = scene.server.asked
    await eventually(lambda: scene.server.asked >= asked + 3)
    assert scene.readiness.why_not() == "the model server serves nothing"
    scene.server.says("m", {1: "AVAILABLE"})
    await eventually(lambda: scene.ready)


async def test_half_an_answer_is_none(scene: Scene) -> None:
    comes_into_step(scene.server)
    scene.server.down = True
    asked = scene.server.asked
    await eventually(lambda: scene.server.asked >= asked + 3)
    assert not scene.ready
    scene.server.down = False
    await eventually(lambda: scene.ready)


async def test_what_an_older_operator_expects_is_unknown(scene: Scene) -> None:
    scene.expected = ()
    await eventually(lambda: scene.ready)

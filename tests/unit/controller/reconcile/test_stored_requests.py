"""How the ConfigMap that rollout.verify names is read: rarely, without a watch, and never waited for long."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from tfs_operator.api.verify import RequestsConfigMap
from tfs_operator.cluster.errors import Forbidden, Transient
from tfs_operator.controller.reconcile.stored_requests import AGE_SECONDS, StoredRequests
from tfs_operator.domain.verification import Stored

DIGITS, LETTERS = (RequestsConfigMap(name=name) for name in ("digits", "letters"))


@dataclass
class World:
    """An API server with ConfigMaps in the namespace shop, a clock, and who woke."""

    maps: dict[str, dict[str, str] | None] = field(default_factory=dict)
    failure: Exception | None = None
    held: asyncio.Event | None = None
    now: float = 1000.0
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    woken: int = 0

    def __post_init__(self) -> None:
        self.requests = StoredRequests(self, self._wake, lambda: self.now)  # type: ignore[arg-type]  # plays the client

    def _wake(self) -> None:
        self.woken += 1

    async def get(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        self.asked.append((kind, namespace, name))
        if self.held is not None:
            await self.held.wait()
        if self.failure is not None:
            raise self.failure
        return {"data": self.maps[name]} if name in self.maps else None

    async def read(self, config_map: RequestsConfigMap | None = DIGITS) -> Stored | None:
        found = await self.requests.read("shop", config_map)
        await asyncio.sleep(0)
        return found

    async def later(self, seconds: float = AGE_SECONDS) -> Stored | None:
        """What a pass at that time learns: the read that it begins wakes another pass when there is news."""
        self.now += seconds
        await self.read()
        for _ in range(10):
            await asyncio.sleep(0)
        return await self.read()


async def test_the_first_read_is_waited_for() -> None:
    world = World({"digits": {"requests.json": "[]"}})
    assert await world.read() == Stored("[]")
    assert world.asked == [("ConfigMap", "shop", "digits")]


async def test_none_is_named() -> None:
    world = World()
    assert await world.read(None) is None
    assert world.asked == []


async def test_it_is_read_again_only_after_a_while_and_news_wake() -> None:
    world = World({"digits": {"requests.json": "[]"}})
    await world.read()
    before = world.woken
    assert await world.later(AGE_SECONDS - 1) == Stored("[]")
    assert len(world.asked) == 1
    assert await world.later(1) == Stored("[]")
    assert (len(world.asked), world.woken) == (2, before)
    world.maps["digits"] = {"requests.json": "[1]"}
    assert await world.later() == Stored("[1]")
    assert world.woken == before + 1


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({}, "has no key requests.json: add it, or name another in key; there is none"),
        ({"b": "", "a": ""}, "has no key requests.json: add it, or name another in key; there is a, b"),
        (None, "has no key requests.json: add it, or name another in key; there is none"),
    ],
)
async def test_it_lacks_the_key(data: dict[str, str] | None, problem: str) -> None:
    assert await World({"digits": data}).read() == Stored(problem=problem)


async def test_it_does_not_exist_and_is_there_later() -> None:
    world = World()
    assert await world.read() == Stored(problem="does not exist in namespace shop: create it, or remove the field")
    world.maps["digits"] = {"requests.json": "[]"}
    assert await world.later() == Stored("[]")


async def test_another_name_is_read_at_once_and_the_old_content_is_forgotten() -> None:
    world = World({"digits": {"requests.json": "[]"}, "letters": {"requests.json": "[2]"}})
    assert [await world.read(DIGITS), await world.read(LETTERS), await world.read(None), await world.read(DIGITS)] == [
        Stored("[]"),
        Stored("[2]"),
        None,
        Stored("[]"),
    ]


@pytest.mark.parametrize("failure", [Transient("no answer in time"), Forbidden("configmaps is forbidden")])
async def test_what_was_read_stays_while_the_api_server_cannot_be_used(failure: Exception) -> None:
    world = World({"digits": {"requests.json": "[]"}})
    await world.read()
    world.failure = failure
    assert await world.later() == Stored("[]")
    assert await World(failure=failure).read() == Stored(problem=f"cannot be read: {failure}")


async def test_it_is_tried_again_with_back_off() -> None:
    world = World(failure=Transient("no answer in time"))
    await world.read()
    asked = []
    for seconds in (1, 1, 2, 2, 4, 4):
        await world.later(seconds)
        asked.append(len(world.asked))
    assert asked == [1, 2, 2, 3, 3, 4]
    world.failure, world.maps = None, {"digits": {"requests.json": "[]"}}
    assert await world.later(60) == Stored("[]")


async def test_a_slow_api_server_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfs_operator.controller.reconcile.stored_requests._PATIENCE_SECONDS", 0.01)
    world = World({"digits": {"requests.json": "[]"}}, held=asyncio.Event())
    assert await world.read() == Stored(problem="was not read yet")
    assert world.held is not None
    world.held.set()
    assert await world.later(0) == Stored("[]")
    assert (len(world.asked), world.woken) == (1, 1)


async def test_closing_ends_the_read() -> None:
    world = World(held=asyncio.Event())
    reading = asyncio.create_task(world.read())
    await asyncio.sleep(0.01)
    world.requests.close()
    async with asyncio.timeout(5):
        await reading
    assert world.woken == 0

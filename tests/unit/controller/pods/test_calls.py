"""One outstanding call a pod: how long it is waited for, and what becomes of one that is late or not needed."""

import asyncio
from dataclasses import dataclass, field

import pytest

from tfs_operator.controller.pods.calls import Calls

PATIENCE = 1.0


@dataclass
class World:
    """Pods that answer with their number once they are let go."""

    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    woken: "asyncio.Queue[None]" = field(default_factory=asyncio.Queue)
    cancelled: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        self.calls: Calls[str] = Calls(lambda: self.woken.put_nowait(None), PATIENCE)

    def call(self, name: str, *, held: bool = True, awaited: bool = True) -> None:
        gate = self.gates[name] = asyncio.Event()
        if not held:
            gate.set()
        self.calls.start(name, name, self._answer(name, gate), awaited=awaited)

    async def _answer(self, name: str, gate: asyncio.Event) -> str:
        try:
            await gate.wait()
        except asyncio.CancelledError:
            self.cancelled.put_nowait(name)
            raise
        return f"answer of {name}"

    async def waited(self) -> float:
        """Seconds that the pass waits."""
        began = asyncio.get_running_loop().time()
        await self.calls.wait()
        return asyncio.get_running_loop().time() - began


async def test_an_answer_in_time_is_taken_once_and_wakes_nothing() -> None:
    world = World()
    world.call("a", held=False)
    await world.calls.wait()
    assert not world.calls.is_open("a")
    assert world.calls.take("a") == "answer of a"
    assert world.calls.take("a") is None
    assert world.woken.empty()


async def test_a_late_call_costs_the_patience_once_and_wakes_when_it_ends() -> None:
    world = World()
    world.call("a")
    assert await world.waited() > PATIENCE / 2
    world.call("b", held=False)
    async with asyncio.timeout(60):
        await world.calls.wait()
        assert world.calls.take("b") == "answer of b"
        assert world.calls.is_open("a")
        assert world.woken.empty()
        world.gates["a"].set()
        await world.woken.get()
    assert world.calls.take("a") == "answer of a"


async def test_one_that_is_not_awaited_is_late_at_once() -> None:
    world = World()
    world.call("a", awaited=False)
    async with asyncio.timeout(60):
        await world.calls.wait()
        world.gates["a"].set()
        await world.woken.get()


@pytest.mark.parametrize("kept", [{}, {"a": "another"}])
async def test_a_call_to_a_pod_that_is_gone_or_another_one_is_cancelled_and_wakes_nothing(kept: dict[str, str]) -> None:
    world = World()
    world.call("a")
    world.call("b", held=False)
    await world.calls.wait()
    world.calls.keep({**kept, "b": "b"})
    async with asyncio.timeout(60):
        assert await world.cancelled.get() == "a"
    assert world.calls.get("a") is None
    assert world.calls.take("b") == "answer of b"
    assert world.woken.empty()


async def test_the_end_of_a_tfmodel_is_that_of_its_calls() -> None:
    world = World()
    world.call("a")
    await world.calls.wait()
    world.calls.close()
    async with asyncio.timeout(60):
        assert await world.cancelled.get() == "a"
    assert world.woken.empty()


async def test_what_a_call_raises_is_raised_where_it_is_taken() -> None:
    calls: Calls[None] = Calls(lambda: None, PATIENCE)

    async def fails() -> None:
        raise TypeError("unexpected")

    calls.start("a", "a", fails())
    await calls.wait()
    with pytest.raises(TypeError, match="unexpected"):
        calls.take("a")


async def test_a_dropped_call_is_cancelled_and_wakes_nothing() -> None:
    world = World()
    world.call("a", awaited=False)
    await asyncio.sleep(0)
    world.calls.drop("a")
    world.calls.drop("b")
    async with asyncio.timeout(5):
        assert await world.cancelled.get() == "a"
    assert (world.calls.get("a"), world.woken.empty()) == (None, True)

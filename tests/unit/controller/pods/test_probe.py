"""When versions are asked, and for how long the answers are known."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.unit.controller.pods.servers import MISSING_OP, PREDICTED, Servers, pod, serving
from tfs_operator.controller.pods.probe import Prober
from tfs_operator.domain.observation import ModelObservation, PodObservation, VersionStatus
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.verification import Outcome, Question
from tfs_operator.planning import ProbeOrder

TURNS = 100
"""Of the event loop: enough for every answer that is there."""


def order(to: PodFacts, version: int = 2, model: str = "m", question: Question | None = None) -> ProbeOrder:
    return ProbeOrder(to, model, version, question or Question())


def has(to: PodFacts, *versions: int, stale: bool = False) -> PodObservation:
    """What the observer says: these versions of the models m and n are AVAILABLE."""
    seen = ModelObservation(tuple(VersionStatus(version, "AVAILABLE") for version in versions))
    return PodObservation(to.name, ready=True, models={"m": seen, "n": seen}, stale=stale)


@dataclass
class World:
    """One prober, its servers, and how often it woke."""

    servers: Servers
    woken: "asyncio.Queue[None]" = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        self.prober = Prober(self.servers, lambda: self.woken.put_nowait(None))  # type: ignore[arg-type]  # plays the client

    async def ask(self, *orders: ProbeOrder, pods: Sequence[PodFacts] = (pod(),)) -> None:
        """Until nothing more happens by itself."""
        self.prober.ask(pods, orders)
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def outcomes(self, *seen: PodObservation, pods: Sequence[PodFacts] = (pod(),)) -> dict[tuple[str, int], Outcome]:
        """Of the pod a, by model and version."""
        found = self.prober.probed(pods, seen or tuple(has(each, 1, 2) for each in pods))
        return {
            (model, version): answered.probed.outcome
            for model, answers in found["a"].items()
            for version, answered in answers.items()
        }

    def times(self, version: int = 2) -> int:
        """How often the version was asked for its signatures."""
        return sum(asked == version and body is None for _, _, asked, body in self.servers.asked)


async def test_an_order_wakes_with_its_answer_and_is_carried_out_once() -> None:
    world = World(serving(2, MISSING_OP))
    assert world.outcomes() == {}
    await world.ask(order(pod()))
    assert world.woken.qsize() == 1
    assert world.outcomes() == {("m", 2): Outcome.BAD}
    await world.ask(order(pod()))
    assert (world.times(), world.woken.qsize()) == (1, 1)


async def test_a_pass_does_not_wait_and_a_pod_has_one_call_at_a_time() -> None:
    world = World(serving(2, PREDICTED))
    let_go = world.servers.hold(pod())
    for _ in range(3):
        await world.ask(order(pod(), model="m"), order(pod(), model="n"))
        assert world.outcomes() == {}
    assert world.times() == 1
    let_go.set()
    await world.ask(order(pod(), model="m"), order(pod(), model="n"))
    await world.ask(order(pod(), model="m"), order(pod(), model="n"))
    assert world.outcomes() == {("m", 2): Outcome.GOOD, ("n", 2): Outcome.GOOD}
    assert world.times() == 2


async def test_pods_are_asked_side_by_side() -> None:
    world, both = World(serving(2, PREDICTED)), (pod("a"), pod("b"))
    world.servers.hold(pod("b"))
    await world.ask(*(order(each) for each in both), pods=both)
    assert world.outcomes(pods=both) == {("m", 2): Outcome.GOOD}


async def test_another_question_is_asked_anew_and_replaces_the_answer() -> None:
    world = World(serving(2, MISSING_OP))
    await world.ask(order(pod()))
    await world.ask(order(pod(), question=Question(made_up=False)))
    assert world.times() == 2
    assert world.outcomes() == {("m", 2): Outcome.UNPROVEN}


async def test_a_new_process_is_asked_anew() -> None:
    world, again = World(serving(2, MISSING_OP)), pod(incarnation="u/1")
    await world.ask(order(pod()))
    assert world.outcomes(pods=[again]) == {}
    await world.ask(order(again), pods=[again])
    assert world.times() == 2
    assert world.outcomes(pods=[again]) == {("m", 2): Outcome.BAD}


async def test_a_call_to_a_process_that_has_ended_is_cancelled_and_says_nothing() -> None:
    world, again = World(serving(2, MISSING_OP)), pod(incarnation="u/1")
    world.servers.hold(pod())
    await world.ask(order(pod()))
    assert world.outcomes(pods=[again]) == {}
    async with asyncio.timeout(5):
        assert await world.servers.cancelled.get() == pod().address
    assert world.woken.empty()
    assert world.outcomes(pods=[again]) == {}


async def test_a_version_that_was_unloaded_is_asked_anew_when_it_comes_back() -> None:
    """Its folder may have been corrected since."""
    world = World(serving(2, MISSING_OP))
    await world.ask(order(pod()))
    assert world.outcomes(has(pod(), 1)) == {}
    world.servers.serve(2, PREDICTED)
    assert world.outcomes(has(pod(), 1, 2)) == {}
    await world.ask(order(pod()))
    assert world.outcomes() == {("m", 2): Outcome.GOOD}


async def test_an_answer_is_kept_while_the_pod_is_slow_or_silent() -> None:
    world = World(serving(2, MISSING_OP))
    await world.ask(order(pod()))
    assert world.outcomes(has(pod(), stale=True)) == {("m", 2): Outcome.BAD}


async def test_the_pods_that_are_gone_are_forgotten() -> None:
    world = World(serving(2, MISSING_OP))
    await world.ask(order(pod()))
    assert world.prober.probed([], []) == {}
    assert world.outcomes() == {}


async def test_closing_ends_the_calls() -> None:
    world = World(serving(2, PREDICTED))
    world.servers.hold(pod())
    await world.ask(order(pod()))
    world.prober.close()
    async with asyncio.timeout(5):
        assert await world.servers.cancelled.get() == pod().address


async def test_a_mistake_of_ours_is_not_hidden() -> None:
    world = World(serving(2, PREDICTED))
    world.servers.failures.append(ZeroDivisionError())
    await world.ask(order(pod()))
    assert world.woken.qsize() == 1
    with pytest.raises(ZeroDivisionError):
        world.prober.ask([pod()], [order(pod())])
    await world.ask(order(pod()))
    assert world.outcomes() == {("m", 2): Outcome.GOOD}

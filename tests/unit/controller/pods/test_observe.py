"""What becomes of a pod that is slow or silent, and of the others meanwhile."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.controller.pods.observe import Labels, Observer, living_pods
from tfs_operator.domain.observation import ModelObservation, PodObservation, Problem, VersionStatus
from tfs_operator.domain.pods import PodFacts
from tfs_operator.serving.errors import ModelServerUnreachable

KEY, OTHER = "mnist", "other"
ASKED = {"m": ["stable"], "n": []}
UP = ModelObservation((VersionStatus(1, "AVAILABLE"),), {"stable": 1})
PATIENCE = 1.0
TURNS = 100
"""Of the event loop: enough for every answer that is there, and no time for one that is not."""

T = TypeVar("T")


@dataclass
class Servers:
    """Answer as they are told; one that is held answers only once it is let go, one in `silent` never does."""

    answers: dict[str, ModelObservation] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    asked: list[tuple[str, str, list[str]]] = field(default_factory=list)
    cancelled: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)

    def hold(self, pod: PodFacts) -> asyncio.Event:
        self.held[pod.address] = asyncio.Event()
        return self.held[pod.address]

    async def observe(self, host: str, port: int, model: str, labels: Iterable[str]) -> ModelObservation:
        assert port == 8501
        self.asked.append((host, model, list(labels)))
        try:
            if host in self.held:
                await self.held[host].wait()
        except asyncio.CancelledError:
            self.cancelled.put_nowait(host)
            raise
        if host in self.silent:
            raise ModelServerUnreachable(host, port, "no answer in time")
        return self.answers.get(host, UP)

    def times(self, pod: PodFacts) -> int:
        """How often the pod was asked."""
        return sum(host == pod.address and model == "m" for host, model, _ in self.asked)


@dataclass
class World:
    """The observers of two TFModels, their servers, and which of them woke."""

    servers: Servers = field(default_factory=Servers)
    woken: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        self.observers = {key: self._observer(key) for key in (KEY, OTHER)}

    def _observer(self, key: str) -> Observer:
        return Observer(self.servers, lambda: self.woken.put_nowait(key), PATIENCE)  # type: ignore[arg-type]  # a fake

    async def observe(self, *pods: PodFacts, key: str = KEY, asked: Labels = ASKED) -> tuple[PodObservation, ...]:
        return await self.observers[key].observe(pods, asked)

    async def next_woken(self) -> str:
        async with asyncio.timeout(60):
            return await self.woken.get()


async def at_once(awaited: Coroutine[Any, Any, T]) -> T:
    """Its result, if it waits for nothing."""
    task = asyncio.create_task(awaited)
    for _ in range(TURNS):
        await asyncio.sleep(0)
        if task.done():
            return task.result()
    task.cancel()
    pytest.fail("it waits for something")


def pod(name: str = "a", incarnation: str = "u/0", *, ready: bool = True) -> PodFacts:
    return PodFacts(name, f"10.0.0.{ord(name)}", ready, False, "digest", incarnation, None)


def heard(name: str = "a", seen: ModelObservation = UP) -> PodObservation:
    return PodObservation(name, ready=True, models={"m": seen, "n": seen})


class TestAsking:
    async def test_every_model_of_every_ready_pod_is_asked_at_once(self) -> None:
        world = World()
        assert await at_once(world.observe(pod("b"), pod("a"))) == (heard("b"), heard("a"))
        assert sorted(world.servers.asked) == sorted(
            (address, *question)
            for address in (pod("a").address, pod("b").address)
            for question in (("m", ["stable"]), ("n", []))
        )

    async def test_a_pod_that_is_not_ready_is_not_asked_and_has_its_own_problem(self) -> None:
        world, problem = World(), Problem(Reason.UNSCHEDULABLE, "no room")
        assert await at_once(world.observe(replace(pod(ready=False), problem=problem))) == (
            PodObservation("a", ready=False, problem=problem),
        )
        assert world.servers.asked == []

    async def test_a_server_that_cannot_be_reached_is_said_with_its_pod(self) -> None:
        world = World(Servers(silent={pod().address}))
        [seen] = await at_once(world.observe(pod()))
        assert (seen.ready, seen.answered) == (True, False)
        assert seen.problem == Problem(
            Reason.MODEL_SERVER_UNREACHABLE,
            "pod a is ready but does not answer the operator: 10.0.0.97:8501: no answer in time",
        )

    async def test_an_answer_in_time_wakes_nobody_and_is_asked_for_anew(self) -> None:
        world = World()
        for times in (1, 2):
            await at_once(world.observe(pod()))
            assert world.servers.times(pod()) == times
        assert world.woken.empty()


def unready(name: str = "a", incarnation: str = "u/0", problem: Problem | None = None) -> PodFacts:
    """A pod whose server runs."""
    return replace(pod(name, incarnation, ready=False), running=True, problem=problem)


def heard_unready(name: str = "a", problem: Problem | None = None) -> PodObservation:
    return replace(heard(name), ready=False, answered_unready=True, problem=problem)


class TestPodsThatAreNotReady:
    """Their server runs: it may have lost a version, or come up, or its node is cut off."""

    async def test_a_ready_one_that_no_longer_is_goes_on_to_be_heard(self) -> None:
        world, died = World(), Problem(Reason.MODEL_SERVER_FAILED, "it died, and runs again")
        await at_once(world.observe(pod()))
        assert await at_once(world.observe(unready(problem=died))) == (heard_unready(problem=died),)
        assert not heard_unready().answered
        assert world.servers.times(pod()) == 2
        assert world.woken.empty()

    async def test_one_that_answers_for_the_first_time_is_not_waited_for_and_wakes(self) -> None:
        world = World()
        gate = world.servers.hold(pod())
        assert await at_once(world.observe(unready())) == (PodObservation("a", ready=False),)
        gate.set()
        assert await world.next_woken() == KEY
        for _ in range(2):
            assert await at_once(world.observe(unready())) == (heard_unready(),)
        assert world.servers.times(pod()) == 2, "the first answer counts, and the second was asked for"

    async def test_one_that_comes_up_is_queried_less_and_less_often_and_wakes_nothing(self) -> None:
        """However often a pass looks: a crash loop or a long load must cost next to nothing."""
        world = World(Servers(silent={pod().address}))
        loop = asyncio.get_running_loop()
        began = loop.time()
        while loop.time() < began + 8 * PATIENCE:
            assert await at_once(world.observe(unready())) == (PodObservation("a", ready=False),)
            await asyncio.sleep(PATIENCE / 10)
        due = [after for after in (0, 1, 3, 7, *range(15, 1000, 10)) if after * PATIENCE <= loop.time() - began]
        assert 1 <= world.servers.times(pod()) <= len(due)
        assert world.woken.empty()

    async def test_it_is_asked_as_a_ready_one_from_the_moment_it_is_ready(self) -> None:
        world = World(Servers(silent={pod().address}))
        await at_once(world.observe(unready()))
        world.servers.silent.clear()
        assert await at_once(world.observe(pod())) == (heard(),)

    async def test_a_new_process_is_asked_at_once(self) -> None:
        world = World(Servers(silent={pod().address}))
        for process in ("u/0", "u/1"):
            await at_once(world.observe(unready(incarnation=process)))
            await asyncio.sleep(PATIENCE / 4)
        assert world.servers.times(pod()) == 2

    async def test_one_that_falls_silent_counts_as_one_that_was_not_asked(self) -> None:
        world = World()
        await at_once(world.observe(pod()))
        world.servers.silent.add(pod().address)
        for _ in range(2):
            assert await at_once(world.observe(unready())) == (PodObservation("a", ready=False),)
        assert world.woken.empty()

    async def test_one_that_hangs_is_asked_again_after_a_patience(self) -> None:
        """Its client would wait for longer, and all pods share its connections."""
        world = World()
        world.servers.hold(pod())
        await at_once(world.observe(unready()))
        assert await asyncio.wait_for(world.servers.cancelled.get(), 5) == pod().address
        world.servers.held.clear()
        assert await world.next_woken() == KEY
        assert await at_once(world.observe(unready())) == (heard_unready(),)

    async def test_one_whose_server_does_not_run_is_not_asked(self) -> None:
        world = World()
        assert await at_once(world.observe(pod(ready=False))) == (PodObservation("a", ready=False),)
        assert world.servers.asked == []

    async def test_another_question_is_asked_at_once(self) -> None:
        world = World()
        await world.observe(unready(), asked={"m": []})
        await world.next_woken()
        assert await at_once(world.observe(unready())) == (heard_unready(),)


class TestSlowPods:
    async def test_one_costs_the_patience_once_and_the_others_nothing(self) -> None:
        world = World()
        world.servers.hold(pod("a"))
        started = asyncio.get_running_loop().time()
        slow, quick = await world.observe(pod("a"), pod("b"))
        assert asyncio.get_running_loop().time() - started >= PATIENCE
        assert quick == heard("b")
        assert slow.problem is not None
        assert "pod a is ready but does not answer the operator: not within" in slow.problem.message
        for _ in range(3):
            assert await at_once(world.observe(pod("a"), pod("b"))) == (slow, quick)
        assert world.servers.times(pod("a")) == 1

    async def test_meanwhile_its_last_answer_is_known_and_marked(self) -> None:
        world = World()
        await world.observe(pod())
        world.servers.hold(pod())
        [seen] = await world.observe(pod())
        assert seen == replace(heard(), stale=True)
        assert not seen.answered

    async def test_its_answer_wakes_and_is_not_waited_for_any_more(self) -> None:
        world = World()
        gate = world.servers.hold(pod())
        await world.observe(pod())
        assert world.woken.empty()
        gate.set()
        assert await world.next_woken() == KEY
        assert await at_once(world.observe(pod())) == (heard(),)

    async def test_one_that_is_always_late_is_heard(self) -> None:
        world = World()
        for times in (1, 2, 3):
            gate = world.servers.hold(pod())
            await world.observe(pod())
            gate.set()
            await world.next_woken()
            world.servers.hold(pod())
            assert await at_once(world.observe(pod())) == (heard(),)
            assert world.servers.times(pod()) == times

    async def test_a_late_answer_of_long_ago_is_asked_for_anew(self) -> None:
        world = World()
        gate = world.servers.hold(pod())
        await world.observe(pod())
        gate.set()
        await world.next_woken()
        world.servers.hold(pod("b"))
        await world.observe(pod("b"), key=OTHER)  # costs the patience
        now = ModelObservation((VersionStatus(2, "AVAILABLE"),), {"stable": 2})
        world.servers.answers[pod().address] = now
        assert await at_once(world.observe(pod())) == (heard(seen=now),)

    async def test_a_late_answer_to_another_question_is_no_answer(self) -> None:
        world = World()
        gate = world.servers.hold(pod())
        await world.observe(pod(), asked={"m": []})
        gate.set()
        await world.next_woken()
        assert await at_once(world.observe(pod())) == (heard(),)
        assert world.servers.times(pod()) == 2

    async def test_once_it_has_spoken_it_is_waited_for_again(self) -> None:
        world = World()
        gate = world.servers.hold(pod())
        await world.observe(pod())
        gate.set()
        await world.next_woken()
        await at_once(world.observe(pod()))
        world.servers.hold(pod())
        with pytest.raises(pytest.fail.Exception):
            await at_once(world.observe(pod()))

    async def test_one_that_stays_silent_is_not_waited_for_again_until_it_has_spoken(self) -> None:
        world = World(Servers(silent={pod().address}))
        gate = world.servers.hold(pod())
        await world.observe(pod())
        gate.set()
        await world.next_woken()
        world.servers.hold(pod())
        [seen] = await at_once(world.observe(pod()))
        assert seen.problem is not None
        assert seen.problem.message.endswith("no answer in time")
        assert not seen.answered

    async def test_one_that_refuses_at_once_is_asked_again_only_after_a_while(self) -> None:
        """Else each refusal would wake the operator, which asks again."""
        world = World(Servers(silent={pod().address}))
        gate = world.servers.hold(pod())
        await world.observe(pod())
        gate.set()
        await world.next_woken()
        started = asyncio.get_running_loop().time()
        await at_once(world.observe(pod()))
        assert await world.next_woken() == KEY
        assert asyncio.get_running_loop().time() - started >= PATIENCE

    async def test_one_that_was_silent_wakes_as_soon_as_it_speaks(self) -> None:
        world = World(Servers(silent={pod().address}))
        gate = world.servers.hold(pod())
        await world.observe(pod())
        gate.set()
        await world.next_woken()
        world.servers.silent.clear()
        await at_once(world.observe(pod()))
        assert await world.next_woken() == KEY
        assert await at_once(world.observe(pod())) == (heard(),)


class TestWhatIsGone:
    async def test_a_new_process_is_asked_anew_and_waited_for(self) -> None:
        world = World()
        world.servers.hold(pod())
        await world.observe(pod())
        world.servers.held.clear()
        assert await at_once(world.observe(pod(incarnation="u/1"))) == (heard(),)
        assert world.servers.times(pod()) == 2

    @pytest.mark.parametrize("later", [[], [pod(ready=False)], [pod(incarnation="u/1")]])
    async def test_the_question_to_one_that_is_gone_is_ended(self, later: list[PodFacts]) -> None:
        world = World()
        world.servers.hold(pod())
        await world.observe(pod())
        world.servers.held.clear()
        await world.observe(*later)
        assert await at_once(world.servers.cancelled.get()) == pod().address

    async def test_what_a_pod_said_is_forgotten_with_it(self) -> None:
        world = World()
        await world.observe(pod())
        await world.observe()
        world.servers.hold(pod())
        [seen] = await world.observe(pod())
        assert (seen.models, seen.stale) == ({}, False)

    async def test_with_a_tfmodel_its_questions_end_and_those_of_others_go_on(self) -> None:
        world = World()
        gates = [world.servers.hold(pod("a")), world.servers.hold(pod("b"))]
        await asyncio.gather(world.observe(pod("a")), world.observe(pod("b"), key=OTHER))
        world.observers[KEY].close()
        assert await at_once(world.servers.cancelled.get()) == pod("a").address
        for gate in gates:
            gate.set()
        assert await world.next_woken() == OTHER
        assert world.woken.empty()


def manifest(name: str, phase: str = "Running", **more: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": name, **more}, "status": {"phase": phase}}


def test_pods_on_their_way_out_are_left_out() -> None:
    pods = living_pods([manifest("a", deletionTimestamp="2026-11-21T06:30:00Z"), manifest("b")])
    assert [living.name for living in pods] == ["b"]


def test_dead_pods_are_left_out() -> None:
    pods = living_pods([manifest("a", "Failed"), manifest("b", "Succeeded"), manifest("c", "Pending"), manifest("d")])
    assert [living.name for living in pods] == ["c", "d"]

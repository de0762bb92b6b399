"""What becomes of a fetcher that is slow or silent, and of the others meanwhile."""

import asyncio
from dataclasses import dataclass, field, replace

from tfs_operator.controller.pods.fetchers import Answer, Fetchers
from tfs_operator.domain.fetch_protocol import FetchOrder, FetchReport
from tfs_operator.domain.pods import PodFacts
from tfs_operator.serving.errors import FetcherUnreachable

ORDER = FetchOrder()
READY = FetchReport(ready=True)
REFUSED = FetcherUnreachable("10.0.0.1", 8502, "refused")
PATIENCE = 1.0


@dataclass
class Pods:
    """Fetchers by address; one that is held answers only once it is let go."""

    answers: dict[str, Answer] = field(default_factory=dict)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def tell(self, host: str, order: FetchOrder) -> FetchReport:
        self.asked.append(host)
        if host in self.held:
            await self.held[host].wait()
        answer = self.answers[host]
        if isinstance(answer, FetchReport):
            return answer
        raise answer


def pod(name: str, address: str) -> PodFacts:
    return PodFacts(name, address, ready=False, terminating=False, models_digest="", incarnation="", problem=None)


A, B = pod("a", "10.0.0.1"), pod("b", "10.0.0.2")


def fetchers(pods: Pods) -> Fetchers:
    return Fetchers(pods, PATIENCE)  # type: ignore[arg-type]  # plays the client


async def test_all_are_asked_and_each_answers_for_itself() -> None:
    pods = Pods({"10.0.0.1": READY, "10.0.0.2": REFUSED})
    assert await fetchers(pods).order([A, B], ORDER) == {"a": READY, "b": REFUSED}


async def test_a_pod_without_an_address_is_left_out() -> None:
    pods = Pods({"10.0.0.1": READY})
    assert await fetchers(pods).order([A, pod("c", "")], ORDER) == {"a": READY}


async def test_a_slow_one_has_said_what_it_said_last_and_has_one_question_at_a_time() -> None:
    pods, half = Pods({"10.0.0.1": READY, "10.0.0.2": READY}), FetchReport()
    fleet = fetchers(pods)
    await fleet.order([A, B], ORDER)
    pods.held["10.0.0.2"] = asyncio.Event()
    pods.answers["10.0.0.1"] = pods.answers["10.0.0.2"] = half
    for _ in range(3):
        assert await fleet.order([A, B], ORDER) == {"a": half, "b": READY}
    assert pods.asked.count("10.0.0.2") == 2
    fleet.close()


async def test_nobody_waits_twice_for_the_silent() -> None:
    pods = Pods({"10.0.0.1": READY}, {"10.0.0.1": asyncio.Event()})
    fleet = fetchers(pods)
    assert await fleet.order([A], ORDER) == {}
    again = asyncio.create_task(fleet.order([A], ORDER))
    for _ in range(20):
        await asyncio.sleep(0)
    assert again.done()
    assert again.result() == {}
    pods.held["10.0.0.1"].set()
    await asyncio.sleep(0)
    assert await fleet.order([A], ORDER) == {"a": READY}


async def test_a_new_pod_of_the_same_name_is_another_one() -> None:
    pods = Pods({"10.0.0.1": READY, "10.0.0.2": REFUSED})
    fleet = fetchers(pods)
    await fleet.order([A], ORDER)
    assert await fleet.order([replace(A, address="10.0.0.2")], ORDER) == {"a": REFUSED}


async def test_no_fetcher_is_told_anything_by_one_that_does_not_lead() -> None:
    pods = Pods({A.address: READY})
    answers = await Fetchers(pods, PATIENCE, permit=lambda: 0.0).order([A], ORDER)  # type: ignore[arg-type]  # plays the client
    assert isinstance(answers["a"], FetcherUnreachable)
    assert pods.asked == []

"""Waiting at the agents for changes of their reports."""

import asyncio
from dataclasses import dataclass, field

from testing.waiting import eventually_async
from tfs_operator.controller.pods.report_changes import ReportChanges
from tfs_operator.domain.fetch_protocol import FetchReport, ModelReport
from tfs_operator.domain.pods import PodFacts
from tfs_operator.serving.errors import FetcherUnreachable

SOME = {"m": ModelReport(uri="pvc://c/m")}


@dataclass
class Agents:
    """By address, the revision of each agent's report; None: it does not answer."""

    revisions: dict[str, str | None] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    woken: int = 0

    async def revision(self, host: str, seen: str) -> str:
        self.asked.append((host, seen))
        await eventually_async(lambda: self.revisions[host] != seen)
        found = self.revisions[host]
        if found is None:
            raise FetcherUnreachable(host, 8502, "refused")
        return found

    def wake(self) -> None:
        self.woken += 1

    def changes(self) -> ReportChanges:
        return ReportChanges(self, self.wake, first_pause=0.01)  # type: ignore[arg-type]  # plays the client


def pod(name: str, *, ready: bool = True) -> PodFacts:
    return PodFacts(name, f"10.0.0.{name}", ready, terminating=False, models_digest="", incarnation="", problem=None)


def report(revision: str, **models: ModelReport) -> FetchReport:
    return FetchReport(models=models, revision=revision)


async def test_a_change_wakes_once_and_is_then_known() -> None:
    agents = Agents({"10.0.0.1": "a"})
    changes = agents.changes()
    changes.follow([pod("1")], {"1": report("a", **SOME)})
    await eventually_async(lambda: agents.asked)
    agents.revisions["10.0.0.1"] = "b"
    await eventually_async(lambda: agents.woken == 1)
    changes.follow([pod("1")], {"1": report("a", **SOME)})
    await asyncio.sleep(0.05)
    assert agents.asked == [("10.0.0.1", "a")], "a report that is late is not waited at again"
    changes.follow([pod("1")], {"1": report("b", **SOME)})
    await eventually_async(lambda: agents.asked[-1] == ("10.0.0.1", "b"))
    assert agents.woken == 1
    changes.close()


async def test_one_wait_a_pod_at_a_time() -> None:
    agents = Agents({"10.0.0.1": "a"})
    changes = agents.changes()
    for _ in range(3):
        changes.follow([pod("1")], {"1": report("a", **SOME)})
        await asyncio.sleep(0.02)
    assert agents.asked == [("10.0.0.1", "a")]
    changes.follow([], {})
    agents.revisions["10.0.0.1"] = "b"
    await asyncio.sleep(0.05)
    assert agents.woken == 0, "the pod is gone"


async def test_an_agent_that_does_not_answer_wakes_nothing_until_it_is_back() -> None:
    agents = Agents({"10.0.0.1": None})
    changes = agents.changes()
    changes.follow([pod("1")], {"1": report("a", **SOME)})
    await eventually_async(lambda: len(agents.asked) >= 3)
    assert agents.woken == 0
    agents.revisions["10.0.0.1"] = "b"
    await eventually_async(lambda: agents.woken == 1)
    changes.close()


async def test_only_those_with_news_to_come() -> None:
    """A ready pod that neither fetches nor looks at anything has none; an older agent cannot be waited at."""
    agents = Agents({f"10.0.0.{name}": "a" for name in "1234"})
    changes = agents.changes()
    pods = [pod("1"), pod("2", ready=False), pod("3"), pod("4")]
    unreachable = FetcherUnreachable("10.0.0.4", 8502, "refused")
    changes.follow(pods, {"1": report("a"), "2": report("a"), "3": report("", **SOME), "4": unreachable})
    await eventually_async(lambda: agents.asked)
    await asyncio.sleep(0.05)
    assert agents.asked == [("10.0.0.2", "a")]
    changes.close()

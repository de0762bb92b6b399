"""What one pass adds to each model's history: the memory, the news, and how long steps took."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.unit.planning.passes import BEFORE, NOW, at, passed, seen, serves, status, step
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.history import Announced, What
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.rollout import Action, Failure, Memory
from tfs_operator.domain.rollout_status import rollout_status
from tfs_operator.planning import Observed, Passed
from tfs_operator.planning.rollout_report import RolloutReport, rollout_reports


def reports(before: Mapping[str, Any], pass_: Passed, replicas: int) -> dict[str, RolloutReport]:
    """`before`: the status of the pass before."""
    assert isinstance(pass_.observed, Observed)
    return rollout_reports(before, pass_.observed, pass_.plan.steps, pass_.taken, replicas)


class TestSteps:
    def test_those_that_ended_have_their_seconds_and_rest_is_none(self) -> None:
        taken = [BEFORE, at(Action.LOAD, NOW - 5), at(Action.COMMIT, NOW - 1), at(Action.DONE, NOW - 0.5)]
        assert reports({}, passed(cats=taken), 1)["cats"].ended == [("Load", 4), ("Commit", 0.5)]

    def test_one_that_goes_on_has_not_ended(self) -> None:
        assert reports({}, passed(cats=[BEFORE]), 1)["cats"].ended == []

    def test_before_the_first_one_there_was_none(self) -> None:
        taken = [Memory(), at(Action.COMMIT, NOW)]
        assert reports({}, passed(cats=taken), 1)["cats"].ended == []


class TestNews:
    TOLD = Announced({"stable": 1}, frozenset({1}))

    def test_it_is_what_was_not_told_before_and_the_status_says_so_then(self) -> None:
        pods = [seen(name, cats=serves(1, 2, stable=2)) for name in "ab"]
        report = reports(status(cats=self.TOLD), passed(*pods, cats=[BEFORE]), 2)["cats"]
        assert [news.what for news in report.events] == [What.VERSION_AVAILABLE, What.LABEL_MOVED]
        assert (report.rollout.reported.labels, report.rollout.reported.versions) == ({"stable": 2}, [1, 2])
        later = {"models": [{"name": "cats", "rollout": report.rollout.model_dump(mode="json")}]}
        assert reports(later, passed(*pods, cats=[BEFORE]), 2)["cats"].events == []

    def test_each_model_has_its_own(self) -> None:
        pod = seen("a", cats=serves(1, stable=1), dogs=serves(2))
        before = status(cats=self.TOLD, dogs=self.TOLD)
        of = reports(before, passed(pod, cats=[BEFORE], dogs=[BEFORE]), 1)
        assert of["cats"].events == []
        assert [news.what for news in of["dogs"].events] == [
            What.VERSION_AVAILABLE,
            What.VERSION_RETIRED,
        ]

    def test_a_pod_that_did_not_answer_holds_up_no_news(self) -> None:
        silent = seen("b", Problem(Reason.MODEL_SERVER_UNREACHABLE, "silent"))
        facts, said = seen("c", cats=serves(1, stable=1))
        pods = [seen("a", cats=serves(1, 2, stable=1)), silent, (facts, replace(said, stale=True))]
        [news] = reports(status(cats=self.TOLD), passed(*pods, cats=[BEFORE]), 3)["cats"].events
        assert news.note.startswith("version 2 AVAILABLE on 1/3 pods")

    def test_a_failure_or_a_missing_folder_that_the_status_knows_is_no_news(self) -> None:
        memory = replace(BEFORE, failures=(Failure(2, "bad", NOW - 60),))
        bad = replace(step(memory), absent={3: "as it is"})
        pass_ = passed(seen("a", cats=serves(1, stable=1)), cats=[memory])
        before = {
            "models": [
                {
                    "name": "cats",
                    "rollout": rollout_status(bad, replace(self.TOLD, missing=frozenset({3}))).model_dump(mode="json"),
                }
            ]
        }
        pass_ = replace(pass_, plan=replace(pass_.plan, steps={"cats": bad}))
        assert reports(before, pass_, 1)["cats"].events == []
        assert [news.what for news in reports({}, pass_, 1)["cats"].events][-2:] == [
            What.VERSION_FAILED,
            What.VERSION_NOT_FOUND,
        ]

    def test_what_the_status_does_not_remember_waits_for_all_replicas(self) -> None:
        pod = seen("a", cats=serves(1, stable=1))
        assert reports({}, passed(pod, cats=[Memory()]), 2)["cats"].events == []
        assert len(reports({}, passed(pod, cats=[Memory()]), 1)["cats"].events) == 2


def test_the_status_has_the_last_step_and_the_memory() -> None:
    report = reports({}, passed(cats=[BEFORE, at(Action.BAKE, NOW - 0.25)]), 1)["cats"]
    assert report.rollout.model_dump(mode="json", exclude_defaults=True) == {
        "step": "Bake",
        "message": "as it is",
        "since": "2026-09-21T14:13:19.750Z",
        "began": "2026-09-21T14:13:15.000Z",
        "specHash": "w",
    }

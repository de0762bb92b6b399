"""What is concluded of a pass: what it leaves to the next one, and that only what is new in a status costs a write."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.planning.passes import BEFORE, NOW, at, live, passed, seen, serves
from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.domain.fetch_protocol import FetchState, ModelReport, VersionReport
from tfs_operator.domain.observation import PodObservation, Problem
from tfs_operator.domain.pods import DeadPod, PodFacts
from tfs_operator.domain.rollout import Action
from tfs_operator.planning import (
    ApplyFailure,
    Clocks,
    Conclusion,
    Observed,
    Outcome,
    Passed,
    Plan,
    Refused,
    Remembered,
    conclude,
)
from tfs_operator.planning.conclude import REFRESH_SECONDS
from tfs_operator.planning.next_look import FAST_SECONDS

SLOW = 30.0
SERVING = seen("a", cats=serves(1, 2, stable=1))
REFUSED = Problem(Reason.CHILD_REFUSED, "no")


def concluded(pass_: Passed, remembered: Remembered | None = None, monotonic: float = 1000.0) -> Conclusion:
    return conclude(pass_, remembered or Remembered(), SLOW, Clocks(NOW, monotonic))


def downloading(byte_count: int, now: float, state: FetchState = FetchState.FETCHING) -> Passed:
    """A pod that fetches version 1."""
    pod, answer = SERVING
    report = ModelReport(
        uri="s3://b/cats", versions=(VersionReport(version=1, state=state, bytes=byte_count, total_bytes=9),)
    )
    pass_ = passed(
        (pod, replace(answer, fetches={"cats": report})),
        spec={"models": [{"name": "cats", "modelUri": "s3://b/cats", "versions": [1]}]},
        cats=[BEFORE],
    )
    assert isinstance(pass_.observed, Observed)
    return replace(pass_, observed=replace(pass_.observed, now=now))


def shown(conclusion: Conclusion) -> int:
    """Bytes of the download in the status."""
    [model] = conclusion.status["models"]
    return int(model["fetching"][0]["bytes"])


class TestDownloads:
    def test_their_figures_are_new_every_ten_seconds(self) -> None:
        first = concluded(downloading(1, NOW))
        soon = concluded(downloading(8, NOW + REFRESH_SECONDS - 1), first.remembered)
        later = concluded(downloading(8, NOW + REFRESH_SECONDS), soon.remembered)
        assert (shown(first), shown(soon), shown(later)) == (1, 1, 8)

    def test_another_state_is_shown_at_once(self) -> None:
        first = concluded(downloading(1, NOW))
        assert shown(concluded(downloading(8, NOW + 1, FetchState.WAITING), first.remembered)) == 8

    def test_without_a_memory_they_are_shown_at_once(self) -> None:
        concluded(downloading(1, NOW))
        assert shown(concluded(downloading(8, NOW + 1))) == 8


class TestTheNextLook:
    def test_rest_is_looked_at_slowly(self) -> None:
        conclusion = concluded(passed(SERVING, cats=[BEFORE]))
        assert (conclusion.next_seconds, conclusion.back_off) == (SLOW, False)
        assert conclusion.remembered.moving_since is None

    def test_since_when_it_moves_is_remembered(self) -> None:
        moving = passed(SERVING, cats=[at(Action.LABEL, NOW)])
        first = concluded(moving)
        assert (first.next_seconds, first.remembered.moving_since) == (FAST_SECONDS, 1000.0)
        later = concluded(moving, first.remembered, monotonic=1121.0)
        assert (later.next_seconds, later.remembered.moving_since) == (SLOW, 1000.0)

    def test_a_child_that_is_needed_and_refused_is_tried_again_with_back_off(self) -> None:
        pass_ = passed(SERVING, cats=[BEFORE])
        outcome = replace(pass_.outcome, failure=ApplyFailure(REFUSED, blocking=True))
        conclusion = concluded(replace(pass_, outcome=outcome), Remembered(moving_since=7.0))
        assert (conclusion.next_seconds, conclusion.back_off) == (None, True)
        assert conclusion.remembered.moving_since == 7.0

    def test_one_that_is_not_needed_leaves_it_as_it_is(self) -> None:
        pass_ = passed(SERVING, cats=[BEFORE])
        outcome = replace(pass_.outcome, failure=ApplyFailure(REFUSED, blocking=False))
        conclusion = concluded(replace(pass_, outcome=outcome))
        assert (conclusion.next_seconds, conclusion.back_off) == (SLOW, False)
        assert conclusion.verdicts[ConditionType.READY].message == "no"


class TestRefusals:
    @pytest.mark.parametrize("reason", [Reason.SUSPENDED, Reason.INVALID_SPEC])
    def test_only_an_event_can_change_anything(self, reason: Reason) -> None:
        remembered = Remembered(moving_since=7.0)
        found = Refused({**live("cats"), "status": {"availableVersions": "1"}}, Problem(reason, "why"))
        conclusion = concluded(Passed(found, Plan(refusal=found.problem), Outcome()), remembered)
        assert (conclusion.next_seconds, conclusion.back_off) == (None, False)
        assert conclusion.remembered == remembered
        assert conclusion.status["availableVersions"] == "1"
        assert {condition["reason"] for condition in conclusion.status["conditions"]} == {reason}


class TestRounds:
    def test_another_round_follows_what_was_sent_or_committed_but_not_what_is_blocked(self) -> None:
        pass_ = passed(SERVING, cats=[BEFORE])
        sent = replace(pass_.outcome, reloaded=replace(pass_.outcome.reloaded, sent=1))
        committed = replace(pass_.outcome, children=replace(pass_.outcome.children, committed=None))
        blocked = replace(committed, failure=ApplyFailure(REFUSED, blocking=True))
        rounds = [replace(pass_, outcome=outcome) for outcome in (pass_.outcome, sent, committed, blocked)]
        assert [each.is_over for each in rounds] == [True, False, False, True]


class TestDeadPods:
    """Evicted, shut down with their node, preempted: they are counted nowhere, and told while one is missed."""

    GONE = DeadPod("gone", "Evicted", "The node was low on resource: ephemeral-storage", NOW - 5)
    AWAITED = (
        PodFacts("b", "", False, False, "", "b/0", None, created_at=NOW - 4),
        PodObservation("b", ready=False),
    )

    def concluded(self, *pods: tuple[PodFacts, PodObservation], **more: Any) -> Conclusion:
        pass_ = passed(*pods, spec={"replicas": 2, **more}, cats=[BEFORE])
        assert isinstance(pass_.observed, Observed)
        return concluded(replace(pass_, observed=replace(pass_.observed, dead=(self.GONE,))))

    def test_it_is_told_while_its_replacement_starts(self) -> None:
        found = self.concluded(SERVING, self.AWAITED)
        ready = found.verdicts[ConditionType.READY]
        assert (ready.reason, found.status["replicas"], found.status["readyReplicas"]) == (Reason.DEPLOYING, 2, 1)
        assert "1 of 2 replicas are ready; pod gone was evicted: The node was low on resource" in ready.message
        assert found.verdicts[ConditionType.PROGRESSING].status == "True"

    def test_it_is_told_no_more_once_enough_pods_are_ready(self) -> None:
        found = self.concluded(SERVING, seen("b", cats=serves(1, 2, stable=1)), self.AWAITED)
        assert "gone" not in found.verdicts[ConditionType.READY].message

    @pytest.mark.parametrize(("storage", "told"), [({}, True), ({"cache": {"persistentVolumeClaim": "models"}}, False)])
    def test_models_on_the_nodes_disk_are_named(self, storage: dict[str, Any], told: bool) -> None:
        models = [{"name": "cats", "modelUri": "s3://b/cats", "versions": [1, 2], "versionLabels": {"stable": 1}}]
        found = self.concluded(SERVING, self.AWAITED, models=models, storage=storage)
        assert ("storage.cache" in found.evidence.lost if found.evidence else None) is told

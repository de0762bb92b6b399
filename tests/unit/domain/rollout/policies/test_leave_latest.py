"""From `latest` to named versions, while a server may still be loading a newer one."""

import pytest

from tests.unit.domain.rollout.policies.views import NOW, latest, named, pod, view
from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.rollout import Action
from tfs_operator.domain.rollout.policies.leave_latest import is_stuck, leave_latest

GOAL = named(1, stable=1)
LOADING = pod("a", 1, loading=[2])


def test_it_waits_for_what_the_policy_is_loading_and_pushes_nothing() -> None:
    step = leave_latest(view(GOAL, latest(), LOADING, follows=True), GOAL)
    assert step is not None
    assert (step.action, step.goal.hold) == (Action.LOAD, True)
    assert "version 2" in step.message


def test_it_waits_no_longer_than_a_load_may_take() -> None:
    assert leave_latest(view(GOAL, latest(), LOADING, follows=True, waiting=((2, NOW - 60),)), GOAL) is None


def test_it_waits_for_what_the_policy_is_about_to_unload() -> None:
    """Both are AVAILABLE for a moment: a label that moved to version 1 would be lost with it."""
    step = leave_latest(view(GOAL, latest(), pod("a", 1, 2), pod("b", 2), follows=True), GOAL)
    assert step is not None
    assert (step.action, step.goal.hold) == (Action.LOAD, True)
    assert "version 1 is about to be unloaded" in step.message


@pytest.mark.parametrize("aspired", [GOAL, latest(1, stable=1)], ids=["named versions", "latest with labels"])
def test_also_where_what_is_committed_is_pinned(aspired: ModelConfig) -> None:
    """Pods were led from named versions to `latest`, and what they then find is not known to be good yet."""
    step = leave_latest(view(aspired, named(1), pod("a", 1, 2), follows=True), GOAL)
    assert step is not None
    assert step.goal.hold


def test_a_second_version_that_the_policy_keeps_is_not_waited_for() -> None:
    aspired = latest(2, stable=1)
    assert leave_latest(view(aspired, named(1), pod("a", 1, 2), follows=True), GOAL) is None


def test_it_waits_for_a_pod_that_does_not_answer_for_as_long_as_a_load_may_take() -> None:
    """Its server may be just about to unload the version of the label."""
    known = {"follows": True, "silent": 1, "action": Action.LOAD}
    step = leave_latest(view(GOAL, latest(), pod("a", 1), since=NOW - 59, **known), GOAL)
    assert step is not None
    assert step.goal.hold
    assert leave_latest(view(GOAL, latest(), pod("a", 1), since=NOW - 60, **known), GOAL) is None


def test_what_stays_beside_a_bad_version_is_not_waited_for() -> None:
    assert leave_latest(view(GOAL, latest(), pod("a", 1, 2, failed=[3]), follows=True), GOAL) is None


def test_nothing_is_waited_for_when_nothing_is_being_loaded() -> None:
    assert leave_latest(view(GOAL, latest(), pod("a", 1), follows=True), GOAL) is None


def test_pods_that_do_not_follow_latest_load_what_they_were_given() -> None:
    assert leave_latest(view(GOAL, named(1), LOADING), GOAL) is None


def test_latest_that_stays_is_not_left() -> None:
    assert leave_latest(view(latest(), latest(), LOADING, follows=True), latest()) is None


def test_a_server_that_has_found_a_bad_version_is_stuck() -> None:
    bad = pod("a", 1, failed=[2])
    assert is_stuck(view(GOAL, latest(), bad, follows=True), GOAL)
    assert not is_stuck(view(GOAL, latest(), bad), GOAL)
    assert not is_stuck(view(GOAL, latest(), pod("a", 1), follows=True), GOAL)

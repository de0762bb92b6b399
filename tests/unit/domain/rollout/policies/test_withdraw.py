"""A required version that cannot be loaded."""

from dataclasses import replace

from tests.unit.domain.rollout.policies.views import NOW, named, pod, view
from tfs_operator.domain.model_config import Specific
from tfs_operator.domain.rollout import Action
from tfs_operator.domain.rollout.policies.withdraw import withdraw
from tfs_operator.domain.rollout.push import pod_config

GOAL = named(1, 2, stable=2)
COMMITTED = named(1, stable=1)
TRYING = {"action": Action.LOAD, "since": NOW - 10, "waiting": ((2, NOW - 10),)}


def test_it_goes_back_to_what_is_committed_as_soon_as_one_pod_cannot_load_it() -> None:
    pods = (pod("a", 1, 2, stable=1), pod("b", 1, failed=[2], stable=1))
    step = withdraw(view(GOAL, COMMITTED, *pods, **TRYING), GOAL)
    assert step is not None
    assert (step.action, step.goal.config, step.commit) == (Action.WITHDRAW, COMMITTED, None)
    assert step.failed == {2: "version 2 on pod b: NOT_FOUND: no saved_model.pb"}


def test_a_committed_version_that_failed_on_one_pod_is_given_up_with_the_change() -> None:
    """So it is dropped there and tried again after its back-off, although the spec no longer names it."""
    whole, behind = pod("a", 1, 3, failed=[2], stable=1), pod("b", 1, failed=[2, 3], stable=1)
    step = withdraw(view(GOAL, named(1, 3, stable=1), whole, behind, **TRYING), GOAL)
    assert step is not None
    assert list(step.failed) == [2, 3]
    told = pod_config(step.goal, behind)
    assert told is not None
    assert told.policy == Specific((1,))


def test_an_error_that_may_be_an_old_one_does_not_count_yet() -> None:
    trying = {**TRYING, "since": NOW - 1}
    assert withdraw(view(GOAL, COMMITTED, pod("a", 1, failed=[2]), **trying), GOAL) is None


def test_a_load_that_takes_too_long_is_a_failure() -> None:
    slow = {"action": Action.LOAD, "since": NOW - 60, "waiting": ((2, NOW - 60),)}
    step = withdraw(view(GOAL, COMMITTED, pod("a", 1, loading=[2]), **slow), GOAL)
    assert step is not None
    assert "not AVAILABLE after 60 s" in step.failed[2]


def test_a_server_that_was_too_busy_to_be_told_of_a_version_is_no_failure_of_it() -> None:
    slow = {"action": Action.LOAD, "since": NOW - 600, "waiting": ((2, NOW - 600),)}
    told, busy = pod("a", 1, 2), pod("b", 1)
    assert withdraw(view(GOAL, COMMITTED, told, busy, **slow), GOAL) is not None
    for heard_for in (0.0, 59.0):
        assert withdraw(view(GOAL, COMMITTED, told, replace(busy, heard_for=heard_for), **slow), GOAL) is None


def test_a_version_without_a_folder_is_no_failure() -> None:
    slow = {"action": Action.LOAD, "since": NOW - 600}
    assert withdraw(view(GOAL, COMMITTED, pod("a", 1), **slow), GOAL) is None


def test_nothing_is_withdrawn_while_all_goes_well() -> None:
    assert withdraw(view(GOAL, COMMITTED, pod("a", 1, 2), **TRYING), GOAL) is None

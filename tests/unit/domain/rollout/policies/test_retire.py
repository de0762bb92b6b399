"""Versions that the spec no longer names."""

from tests.unit.domain.rollout.policies.views import NOW, latest, named, pod, view
from tfs_operator.domain.rollout import Action
from tfs_operator.domain.rollout.policies.retire import retire

GOAL = named(2, stable=2)
PODS = (pod("a", 1, 2, stable=2), pod("b", 2, stable=2))


def test_they_stay_loaded_for_the_bake_time() -> None:
    step = retire(view(GOAL, GOAL, *PODS, action=Action.BAKE, since=NOW - 29), GOAL)
    assert step is not None
    assert (step.action, step.goal.keep_available) == (Action.BAKE, True)
    assert "1970-01-01T00:16:41.000Z" in step.message


def test_and_are_unloaded_after_it() -> None:
    step = retire(view(GOAL, GOAL, *PODS, action=Action.BAKE, since=NOW - 30), GOAL)
    assert step is not None
    assert (step.action, step.goal.config, step.goal.keep_available) == (Action.RETIRE, GOAL, False)


def test_unloading_that_has_begun_goes_on() -> None:
    step = retire(view(GOAL, GOAL, *PODS, action=Action.RETIRE, since=NOW - 1), GOAL)
    assert step is not None
    assert step.action is Action.RETIRE


def test_nothing_is_left_to_retire() -> None:
    assert retire(view(GOAL, GOAL, pod("a", 2, stable=2)), GOAL) is None


def test_under_latest_the_server_itself_unloads() -> None:
    assert retire(view(latest(), latest(), pod("a", 1, 2)), latest()) is None

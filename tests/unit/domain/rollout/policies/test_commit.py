"""The ConfigMap follows what every pod has."""

from tests.unit.domain.rollout.policies.views import latest, named, pod, view
from tfs_operator.domain.rollout import Action
from tfs_operator.domain.rollout.policies.commit import commit

GOAL = named(2, stable=2)


def test_the_goal_is_committed_before_a_label_moves() -> None:
    step = commit(view(GOAL, named(1, stable=1), pod("a", 1, 2, stable=1)), GOAL)
    assert step is not None
    assert (step.action, step.commit, step.goal.keep_available) == (Action.COMMIT, GOAL, True)


def test_what_is_committed_already_is_not_written_again() -> None:
    assert commit(view(GOAL, GOAL, pod("a", 2, stable=2)), GOAL) is None


def test_a_policy_begins_pinned_to_versions_that_are_known_to_load() -> None:
    step = commit(view(latest(2), named(1, stable=1), pod("a", 1)), latest(2))
    assert step is not None
    assert step.commit == named(1)

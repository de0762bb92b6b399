"""Labels that pods do not answer as the goal has them."""

import pytest

from tests.unit.domain.rollout.policies.views import named, pod, view
from tfs_operator.domain.rollout import Action, Pod
from tfs_operator.domain.rollout.policies.label import label

GOAL = named(1, 2, stable=2)


@pytest.mark.parametrize(
    ("behind", "why"),
    [
        (pod("b", 1, 2, stable=1), "label stable answers 1, expected 2 (b)"),
        (pod("b", 1, 2), "label stable answers nothing, expected 2 (b)"),
        (pod("b", 1, 2, stable=2, canary=1), "label canary answers 1, expected nothing (b)"),
    ],
)
def test_nothing_is_unloaded_until_every_pod_answers_every_label(behind: Pod, why: str) -> None:
    step = label(view(GOAL, GOAL, pod("a", 1, 2, stable=2), behind), GOAL)
    assert step is not None
    assert (step.action, step.message) == (Action.LABEL, f"1 of 2 pods: {why}")
    assert step.goal.keep_available


def test_all_labels_are_where_they_belong() -> None:
    assert label(view(GOAL, GOAL, pod("a", 1, 2, stable=2)), GOAL) is None

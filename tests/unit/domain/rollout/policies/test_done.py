"""Nothing is left to do."""

from tests.unit.domain.rollout.policies.views import latest, named, pod, view
from tfs_operator.domain.rollout import Action
from tfs_operator.domain.rollout.policies.done import done


def test_every_pod_serves_exactly_the_goal() -> None:
    step = done(view(named(1, 2), named(1, 2), pod("a", 1, 2), pod("b", 1, 2)), named(1, 2))
    assert (step.action, step.message, step.commit) == (Action.DONE, "versions 1, 2 on 2 pods", None)
    assert step.goal.config == named(1, 2)


def test_what_a_policy_picks_is_not_listed() -> None:
    step = done(view(latest(), latest(), pod("a", 7)), latest())
    assert step.message == "the versions that the policy picks on 1 pod"

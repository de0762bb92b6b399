"""Versions that are wanted no more stay for the bake time, and then go."""

from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.rollout.facts import Action, Step
from tfs_operator.domain.rollout.steps import goal_of, step
from tfs_operator.domain.rollout.view import View


def retire(view: View, goal: ModelConfig) -> Step | None:
    """A rollback within the bake time is instant. With `latest` and `all` the server itself retires."""
    if not isinstance(goal.policy, Specific):
        return None
    extra = sorted(view.loaded - set(goal.policy.versions))
    if not extra:
        return None
    what = "version" + "s" * (len(extra) > 1) + " " + ", ".join(map(str, extra))
    baked = view.memory.action is Action.RETIRE or view.lasting(Action.BAKE) >= view.facts.limits.bake
    if not baked:
        left = view.facts.limits.bake - view.lasting(Action.BAKE)
        return step(view, Action.BAKE, f"{what}: kept for {left:.0f} s more", goal_of(view, goal, keep_available=True))
    return step(view, Action.RETIRE, f"{what}: wanted no more", goal_of(view, goal))

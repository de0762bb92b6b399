"""Keeps versions that the spec no longer names for the bake time, then unloads them."""

from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step
from tfs_operator.domain.rollout.steps import goal_of, step
from tfs_operator.domain.rollout.view import View
from tfs_operator.domain.times import rfc3339


def retire(view: View, goal: ModelConfig) -> Step | None:
    """Returns Bake, then Retire: a rollback within the bake time needs no load.

    With `latest` and `all` the server itself unloads.
    """
    if not isinstance(goal.policy, Specific):
        return None
    extra = sorted(view.loaded - set(goal.policy.versions))
    if not extra:
        return None
    what = "version" + "s" * (len(extra) > 1) + " " + ", ".join(map(str, extra))
    baked = view.memory.action is Action.RETIRE or view.lasting(Action.BAKE) >= view.facts.limits.bake
    if not baked:
        until = rfc3339(view.facts.now - view.lasting(Action.BAKE) + view.facts.limits.bake)
        message = f"{what}: kept until {until}, so that a rollback is instant"
        return step(view, Action.BAKE, message, goal_of(view, goal, keep_available=True))
    return step(view, Action.RETIRE, f"{what}: no longer in the spec", goal_of(view, goal))

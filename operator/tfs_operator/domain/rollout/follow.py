"""What `latest` and `all` find by themselves holds up nothing, but is waited for, and said when it fails."""

from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.rollout import discovery
from tfs_operator.domain.rollout.facts import Action, Step
from tfs_operator.domain.rollout.steps import failing, goal_of, step
from tfs_operator.domain.rollout.view import View


def follow(view: View, goal: ModelConfig) -> Step | None:
    """Running pods keep the policy while the committed configuration is pinned: so a newer version is found."""
    if isinstance(goal.policy, Specific):
        return None
    failed = discovery.bad(view, goal.policy)
    if failed:
        return failing(view, failed, goal_of(view, goal), None)
    missing = view.missing(discovery.picked(view, goal.policy))
    if missing:
        return step(view, Action.LOAD, missing, goal_of(view, goal))
    return None

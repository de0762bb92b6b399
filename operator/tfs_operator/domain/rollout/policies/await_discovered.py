"""What `latest` and `all` find by themselves holds up nothing, but is waited for, and said when it fails."""

from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.rollout import discovery, target
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step
from tfs_operator.domain.rollout.steps import failing, goal_of, step
from tfs_operator.domain.rollout.view import View, newest


def await_discovered(view: View, goal: ModelConfig) -> Step | None:
    """Running pods keep the policy while the committed configuration is pinned: so a newer version is found."""
    if isinstance(goal.policy, Specific):
        return _newest_is_given_up(view, goal)
    failed = discovery.bad(view, goal.policy)
    if failed:
        return failing(view, failed, goal_of(view, goal), None)
    missing = view.missing(discovery.picked(view, goal.policy))
    if missing:
        return step(view, Action.LOAD, missing, goal_of(view, goal))
    return None


def _newest_is_given_up(view: View, goal: ModelConfig) -> Step | None:
    """Under `latest` with labels the newest versions are served by name, and one that fails is left out of the goal:
    it is said all the same, for as long as it is not tried again."""
    if isinstance(view.aspired.policy, Specific):
        return None
    picked = newest(view.aspired.policy, target.known(view))
    failed = {version: words for version, words in view.held.items() if version in picked}
    return failing(view, failed, goal_of(view, goal), None) if failed else None

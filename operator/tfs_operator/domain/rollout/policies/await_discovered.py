"""Waits for versions that `latest` and `all` find by themselves, and reports those that fail."""

from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.rollout import discovery, target
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step
from tfs_operator.domain.rollout.steps import failing, goal_of, step
from tfs_operator.domain.rollout.view import View, newest


def await_discovered(view: View, goal: ModelConfig) -> Step | None:
    """Keeps the policy on running pods, so that a newer version is found while the committed one is pinned."""
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
    """Reports a failed version that the goal leaves out, until it is tried again: under `latest` with labels the newest
    versions are served by name."""
    if isinstance(view.aspired.policy, Specific):
        return None
    picked = newest(view.aspired.policy, target.known(view))
    failed = {version: words for version, words in view.held.items() if version in picked}
    return failing(view, failed, goal_of(view, goal), None) if failed else None

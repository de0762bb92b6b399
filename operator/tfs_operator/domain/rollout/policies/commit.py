"""Writes the ConfigMap once every pod has what it will name, so that a pod that restarts comes up at any moment."""

from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.rollout import target
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step
from tfs_operator.domain.rollout.steps import everywhere, goal_of, step, words
from tfs_operator.domain.rollout.view import View


def commit(view: View, goal: ModelConfig) -> Step | None:
    """Commits what differs from the ConfigMap; the same step moves labels, after the write."""
    config = target.to_commit(view, goal)
    if config == view.committed:
        return None
    message = f"{words(config)}: AVAILABLE {everywhere(view)}"
    return step(view, Action.COMMIT, message, goal_of(view, goal, keep_available=True), config)

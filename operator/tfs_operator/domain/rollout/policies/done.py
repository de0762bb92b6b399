"""Nothing is left to do: the last policy of the chain, which always decides."""

from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step
from tfs_operator.domain.rollout.steps import everywhere, goal_of, step, words
from tfs_operator.domain.rollout.view import View


def done(view: View, goal: ModelConfig) -> Step:
    """Returns the step at which every pod serves exactly the goal."""
    return step(view, Action.DONE, f"{words(goal)} {everywhere(view)}", goal_of(view, goal))

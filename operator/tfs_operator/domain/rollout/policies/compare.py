"""Asks a version again before a label moves to it from a lower one, with which it was not compared yet.

A canary has no version before it. When it is promoted, the clients of the present version are to use it: then what
they send and what they get is compared (`rollout.verify`).
"""

from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.rollout import trying
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step
from tfs_operator.domain.rollout.loading import leading
from tfs_operator.domain.rollout.steps import step
from tfs_operator.domain.rollout.view import View


def compare(view: View, goal: ModelConfig) -> Step | None:
    """Returns the step until the answers are there, for `limits.answer` seconds at most; labels stay where they are."""
    versions = sorted(trying.uncompared(view, goal))
    if not versions or view.lasting(Action.COMPARE) >= view.facts.limits.answer:
        return None
    committed, led_to = leading(view, goal)
    message = f"version {versions[0]} is compared with the version that its labels answer now"
    return step(view, Action.COMPARE, message, led_to, committed)

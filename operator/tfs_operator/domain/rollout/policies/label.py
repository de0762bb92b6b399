"""Moves labels once their versions are AVAILABLE; no version is unloaded before every pod answers all labels."""

from collections.abc import Mapping

from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step
from tfs_operator.domain.rollout.steps import goal_of, step
from tfs_operator.domain.rollout.view import View


def label(view: View, goal: ModelConfig) -> Step | None:
    """Returns the step Label until every pod answers exactly the goal's labels."""
    behind = [words for pod in view.pods if (words := _behind(pod.observed.labels, goal.labels, pod.name))]
    if not behind:
        return None
    message = f"{len(behind)} of {len(view.pods)} pods: {behind[0]}"
    return step(view, Action.LABEL, message, goal_of(view, goal, keep_available=True))


def _behind(answers: Mapping[str, int], aspired: Mapping[str, int], name: str) -> str | None:
    for label in sorted(answers.keys() | aspired.keys()):
        if answers.get(label) != aspired.get(label):
            should = aspired.get(label, "nothing")
            return f"label {label} answers {answers.get(label, 'nothing')}, expected {should} ({name})"
    return None

"""Loads versions before labels move, since a server checks labels before it loads versions."""

from dataclasses import replace

from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.rollout import target, trying
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step
from tfs_operator.domain.rollout.loading import absent, arriving, leading
from tfs_operator.domain.rollout.steps import step
from tfs_operator.domain.rollout.view import View


def load(view: View, goal: ModelConfig) -> Step | None:
    """Serves what is committed beside the goal until every required version is AVAILABLE on every pod."""
    missing = view.missing(target.required(goal))
    if missing is None:
        return None
    return replace(_loading(view, goal, missing), extra_pod=trying.keeps_extra(view))


def _loading(view: View, goal: ModelConfig, missing: str) -> Step:
    committed, led_to = leading(view, goal)
    if (words := arriving(view, goal)) is not None:
        return step(view, Action.FETCH, words, led_to, committed)
    nowhere = absent(view, goal, target.required(goal), view.lasting(Action.LOAD))
    loading = step(view, Action.LOAD, next(iter(nowhere.values()), missing), led_to, committed)
    return replace(loading, absent=nowhere)

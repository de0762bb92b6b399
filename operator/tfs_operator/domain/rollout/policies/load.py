"""Loads versions before labels move, since a server checks labels before it loads versions."""

from dataclasses import replace

from tfs_operator.domain.model_config import ModelConfig, Specific, VersionPolicy
from tfs_operator.domain.rollout import target
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step
from tfs_operator.domain.rollout.safe_commit import safe_commit
from tfs_operator.domain.rollout.steps import goal_of, step
from tfs_operator.domain.rollout.view import View


def load(view: View, goal: ModelConfig) -> Step | None:
    """Serves what is committed beside the goal until every required version is AVAILABLE on every pod."""
    missing = view.missing(target.required(goal))
    if missing is None:
        return None
    committed = safe_commit(view, goal) or view.committed
    both = replace(goal, policy=_both(committed, goal), labels=committed.labels)
    keep = committed == goal or not isinstance(committed.policy, Specific) or view.is_baking
    lingering = frozenset(goal.labels.keys() - committed.labels.keys())
    led_to = goal_of(view, both, keep_available=keep, lingering=lingering)
    if (arriving := _arriving(view, goal)) is not None:
        return step(view, Action.FETCH, arriving, led_to, committed)
    absent = _absent(view, goal)
    loading = step(view, Action.LOAD, next(iter(absent.values()), missing), led_to, committed)
    return replace(loading, absent=absent)


def _arriving(view: View, goal: ModelConfig) -> str | None:
    """Describes the first required version that a pod lacks; servers get it anyway, and load it once it is there."""
    words = {**view.arriving, **view.unfetchable}
    required = sorted(target.required(goal) & words.keys())
    return words[required[0]] if required else None


def _absent(view: View, goal: ModelConfig) -> dict[int, str]:
    """A server looks for folders every second, once it has its configuration; a folder that appears later is found
    without another push."""
    if min((view.lasting(Action.LOAD), *(pod.heard_for for pod in view.pods))) < view.facts.limits.absent:
        return {}
    return {
        version: f"version {version}: no server finds a folder {version} below {goal.base_path}"
        for version in sorted(target.required(goal) - view.present)
    }


def _both(committed: ModelConfig, goal: ModelConfig) -> VersionPolicy:
    if not isinstance(goal.policy, Specific):
        return goal.policy
    return Specific(tuple(sorted(target.required(goal) | target.required(committed))))

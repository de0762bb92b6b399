"""Leads pods to versions that are to be loaded, beside those that are committed."""

from collections.abc import Iterable
from dataclasses import replace

from tfs_operator.domain.model_config import ModelConfig, Specific, VersionPolicy
from tfs_operator.domain.rollout import target
from tfs_operator.domain.rollout.facts import Goal
from tfs_operator.domain.rollout.safe_commit import safe_commit
from tfs_operator.domain.rollout.steps import goal_of
from tfs_operator.domain.rollout.view import View


def leading(view: View, goal: ModelConfig) -> tuple[ModelConfig, Goal]:
    """Returns what is to be committed meanwhile, and the goal with both: labels stay where they are, since a server
    checks labels before it loads versions."""
    committed = safe_commit(view, goal) or view.committed
    both = replace(goal, policy=_both(committed, goal), labels=committed.labels)
    keep = committed == goal or not isinstance(committed.policy, Specific) or view.is_baking
    lingering = frozenset(goal.labels.keys() - committed.labels.keys())
    return committed, goal_of(view, both, keep_available=keep, lingering=lingering)


def _both(committed: ModelConfig, goal: ModelConfig) -> VersionPolicy:
    if not isinstance(goal.policy, Specific):
        return goal.policy
    return Specific(tuple(sorted(target.required(goal) | target.required(committed))))


def arriving(view: View, goal: ModelConfig) -> str | None:
    """Describes the first required version that a pod lacks; servers get it anyway, and load it once it is there."""
    words = {**view.arriving, **view.unfetchable}
    required = sorted(target.required(goal) & words.keys() - view.judged)
    return words[required[0]] if required else None


def absent(view: View, goal: ModelConfig, versions: Iterable[int], lasting: float) -> dict[int, str]:
    """Describes those of `versions` that no server has found within `lasting` seconds of looking. A server looks for
    folders every second, once it has its configuration; a folder that appears later is found without another push."""
    if min((lasting, *(pod.heard_for for pod in view.pods))) < view.facts.limits.absent:
        return {}
    return {
        version: f"version {version}: no server finds a folder {version} below {goal.base_path}"
        for version in sorted(set(versions) - view.present - view.listed)
    }

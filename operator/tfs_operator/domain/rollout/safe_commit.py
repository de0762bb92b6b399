"""Keeps the committed configuration one that a pod can start with, whatever becomes of the change."""

from dataclasses import replace

from tfs_operator.domain.model_config import ModelConfig, Specific, VersionPolicy
from tfs_operator.domain.rollout.discovery import bad, pin
from tfs_operator.domain.rollout.view import View


def safe_commit(view: View, goal: ModelConfig) -> ModelConfig | None:
    """Returns a safer committed configuration, or None where there is none, or where some pod does not answer."""
    if view.facts.fleet.silent:
        return None
    better = replace(view.committed, policy=_policy(view, goal), labels=_labels(view))
    return better if better != view.committed else None


def _policy(view: View, goal: ModelConfig) -> VersionPolicy:
    """Pods that are led from a policy to named versions no longer show what the policy would find: it is pinned."""
    policy = view.committed.policy
    if isinstance(policy, Specific):
        kept = tuple(version for version in policy.versions if not view.is_lost(version))
        return Specific(kept or tuple(sorted(view.on_some)) or policy.versions)
    unseen = isinstance(goal.policy, Specific)
    pinned = pin(view, policy, _labels(view)) if unseen or bad(view, policy) else None
    return pinned or policy


def _labels(view: View) -> dict[str, int]:
    """While nothing is AVAILABLE, only what is known to be bad loses its labels."""
    labels = view.committed.labels
    if view.pods and not view.on_some:
        return dict(labels)
    return {label: version for label, version in labels.items() if not view.is_lost(version)}

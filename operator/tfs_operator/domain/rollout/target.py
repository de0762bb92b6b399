"""Computes what a model's spec amounts to, given what is known of the versions.

Labels and `latest`: a server that follows `latest` unloads the oldest version as soon as a newer one is there,
label or not, and no operator is quick enough to forbid it. So with labels the newest versions that are known,
and those with a label, are served by name. `all` unloads nothing, and is safe with labels as it is.
"""

from dataclasses import replace

from tfs_operator.domain.model_config import Latest, ModelConfig, Specific, VersionPolicy
from tfs_operator.domain.rollout import discovery
from tfs_operator.domain.rollout.view import View, newest


def initial(aspired: ModelConfig) -> ModelConfig:
    """Returns what the very first pods start with: the spec; labels on `latest` wait until its versions are known."""
    return replace(aspired, labels={}) if isinstance(aspired.policy, Latest) else aspired


def running(view: View) -> ModelConfig:
    """Returns the configuration to which the pods are led."""
    aspired = view.aspired
    if isinstance(aspired.policy, Latest) and aspired.labels:
        return replace(aspired, policy=_held_versions(view, aspired.policy))
    return aspired


def _held_versions(view: View, policy: VersionPolicy) -> Specific:
    chosen = newest(policy, known(view) - view.held.keys())
    return Specific(tuple(sorted(chosen | set(view.aspired.labels.values()))))


def known(view: View) -> frozenset[int]:
    """Returns versions that some server has, that were trusted before, or that every pod's fetcher has brought."""
    return view.on_some | view.trusted | view.fetched


def required(target: ModelConfig) -> frozenset[int]:
    """Returns the versions that every pod must have AVAILABLE before anything is committed."""
    if isinstance(target.policy, Specific):
        return frozenset(target.policy.versions)
    return frozenset(target.labels.values())


def to_commit(view: View, target: ModelConfig) -> ModelConfig:
    """Returns what a pod that restarts shall come up with, once the required versions are AVAILABLE."""
    if isinstance(target.policy, Specific):
        return target
    return replace(target, policy=discovery.to_commit(view))

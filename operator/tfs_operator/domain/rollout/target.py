"""Computes what a model's spec amounts to, given what is known of the versions.

A server that discovers by itself loads a new version on every pod at once, and under `latest` unloads the oldest as
soon as a newer one is there, label or not; no operator is quick enough to forbid either. So wherever agents list what
there is, `latest` and `all` are served by name. Of models in the image nothing is listed: there, `latest` with labels
is served by name, from the versions that are known, and the rest is the server's own policy.
"""

from dataclasses import replace

from tfs_operator.domain.model_config import Latest, ModelConfig, Specific
from tfs_operator.domain.rollout import discovery
from tfs_operator.domain.rollout.view import View, named_by, newest


def initial(aspired: ModelConfig) -> ModelConfig:
    """Returns what the very first pods start with: the spec; labels on `latest` wait until its versions are known."""
    return replace(aspired, labels={}) if isinstance(aspired.policy, Latest) else aspired


def running(view: View) -> ModelConfig:
    """Returns the configuration to which the pods are led. Where all that a policy could pick is given up, that is what
    is committed; only while nothing at all is known they discover by themselves."""
    aspired = view.aspired
    if isinstance(aspired.policy, Specific) or not (view.facts.is_listed or _is_unsafe(aspired)):
        return aspired
    chosen = newest(aspired.policy, known(view) - view.held.keys()) | set(aspired.labels.values())
    named = chosen or named_by(view.committed)
    return replace(aspired, policy=Specific(tuple(sorted(named)))) if named else aspired


def _is_unsafe(aspired: ModelConfig) -> bool:
    return isinstance(aspired.policy, Latest) and bool(aspired.labels)


def known(view: View) -> frozenset[int]:
    """Returns the versions that are listed; while nothing is, those that some server has, that were trusted before,
    or that every pod's agent has fetched. So a store that is lost, or a folder that was moved away, changes nothing."""
    return view.listed or view.on_some | view.trusted | view.fetched


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

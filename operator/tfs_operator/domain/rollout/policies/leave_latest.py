"""Delays a change away from `latest` while a server goes over to a newer version, which decides what is unloaded.

A server that has found a newer version keeps the older ones only until the newer one is loaded, whatever configuration
it is given meanwhile: it puts off every configuration that names a version which it is about to unload (core/
aspired_versions_manager.cc, ContainsAnyReaspiredVersions). A label on one of those would be lost.
"""

from dataclasses import replace

from tfs_operator.domain.model_config import Latest, ModelConfig, Specific, VersionPolicy
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step
from tfs_operator.domain.rollout.steps import goal_of, step
from tfs_operator.domain.rollout.view import View, newest


def leave_latest(view: View, goal: ModelConfig) -> Step | None:
    """Waits until no version is being loaded, and none is left to be unloaded, on silent pods neither; for
    `load_timeout` at most."""
    if not view.memory.follows or not isinstance(goal.policy, Specific):
        return None
    in_time = view.lasting(Action.LOAD) < view.facts.limits.load_timeout
    if in_time and (silent := view.facts.fleet.silent):
        return _wait(view, f"{silent} ready pods do not answer: what the policy has found there is not known")
    if loading := [v for v in sorted(view.loading) if view.waited_for(v) < view.facts.limits.load_timeout]:
        return _wait(view, f"version {loading[-1]} was found by the policy and is being loaded: labels wait for it")
    if in_time and (leaving := _leaving(view)):
        return _wait(view, f"version {leaving[0]} is about to be unloaded by the policy: labels wait for that")
    return None


def _wait(view: View, message: str) -> Step:
    return step(view, Action.LOAD, message, replace(goal_of(view, view.committed), hold=True))


def _leaving(view: View) -> list[int]:
    """Versions that a server still has AVAILABLE beside all that the policy keeps: it unloads them within a moment,
    and with them a label that moved there. Where a version has failed, older ones stay AVAILABLE."""
    if view.ended_badly or view.failures:
        return []
    policy = _followed(view)
    return sorted(frozenset().union(*(_superfluous(policy, pod.observed.available) for pod in view.pods)))


def _followed(view: View) -> VersionPolicy:
    """The policy that the pods were given. Where what is committed is pinned, so names versions, that is not known: it
    is taken from the spec, or else from how many versions are pinned."""
    committed, aspired = view.committed.policy, view.aspired.policy
    if not isinstance(committed, Specific):
        return committed
    return Latest(len(committed.versions)) if isinstance(aspired, Specific) else aspired


def _superfluous(policy: VersionPolicy, available: frozenset[int]) -> frozenset[int]:
    return available - newest(policy, available)


def is_stuck(view: View, goal: ModelConfig) -> bool:
    """Tells whether only new pods can leave `latest`.

    A server that has found a version it cannot load keeps an older one that it no longer aspires to, and puts off
    every configuration that names it.
    """
    return view.memory.follows and isinstance(goal.policy, Specific) and bool(view.ended_badly)

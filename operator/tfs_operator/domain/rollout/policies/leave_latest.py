"""Delays a change away from `latest` while a server loads a newer version, since that load decides what is unloaded.

A server that has found a newer version keeps the older ones only until the newer one is loaded, whatever configuration
it is given meanwhile: it puts off every configuration that names a version which it is about to unload (core/
aspired_versions_manager.cc, ContainsAnyReaspiredVersions). A label on one of those would be lost.
"""

from dataclasses import replace

from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step
from tfs_operator.domain.rollout.steps import goal_of, step
from tfs_operator.domain.rollout.view import View


def leave_latest(view: View, goal: ModelConfig) -> Step | None:
    """Waits until no version is being loaded, for `load_timeout` at most."""
    if not view.memory.follows or not isinstance(goal.policy, Specific):
        return None
    loading = [v for v in sorted(view.loading) if view.waited_for(v) < view.facts.limits.load_timeout]
    if not loading:
        return None
    message = f"version {loading[-1]} was found by the policy and is being loaded: labels wait for it"
    return step(view, Action.LOAD, message, replace(goal_of(view, view.committed), hold=True))


def is_stuck(view: View, goal: ModelConfig) -> bool:
    """Tells whether only new pods can leave `latest`.

    A server that has found a version it cannot load keeps an older one that it no longer aspires to, and puts off
    every configuration that names it.
    """
    return view.memory.follows and isinstance(goal.policy, Specific) and bool(view.ended_badly)

"""Before `latest` is left: what it is loading decides what it unloads.

A server that has found a newer version keeps the older ones only until the newer one is loaded, whatever it is told
meanwhile: it puts off every configuration that names a version which it is about to unload (core/
aspired_versions_manager.cc, ContainsAnyReaspiredVersions). A label on one of those would be lost.
"""

from dataclasses import replace

from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step
from tfs_operator.domain.rollout.steps import goal_of, step
from tfs_operator.domain.rollout.view import View


def leave_latest(view: View, goal: ModelConfig) -> Step | None:
    """Waits until nothing is being loaded, for no longer than a load may take."""
    if not view.memory.follows or not isinstance(goal.policy, Specific):
        return None
    loading = [v for v in sorted(view.loading) if view.waited_for(v) < view.facts.limits.load_timeout]
    if not loading:
        return None
    message = f"version {loading[-1]} was found by the policy and is being loaded: labels wait for it"
    return step(view, Action.LOAD, message, replace(goal_of(view, view.committed), hold=True))


def is_stuck(view: View, goal: ModelConfig) -> bool:
    """A server under `latest` that has found a version it cannot load keeps an older one that it no longer counts as
    wanted, and puts off every configuration that names it: only a new process takes one."""
    return view.memory.follows and isinstance(goal.policy, Specific) and bool(view.ended_badly)

"""Decides the next step of one model: a chain of policies, of which the first that returns a step decides.

The operator may be killed at any moment: the next pass goes on from the pods, the ConfigMap and the status. The table
is in docs/design/rollout.md.
"""

from collections.abc import Callable
from dataclasses import replace

from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.rollout import target
from tfs_operator.domain.rollout.facts import Facts, Step
from tfs_operator.domain.rollout.policies.await_discovered import await_discovered
from tfs_operator.domain.rollout.policies.bootstrap import bootstrap
from tfs_operator.domain.rollout.policies.commit import commit
from tfs_operator.domain.rollout.policies.compare import compare
from tfs_operator.domain.rollout.policies.done import done
from tfs_operator.domain.rollout.policies.label import label
from tfs_operator.domain.rollout.policies.leave_latest import is_stuck, leave_latest
from tfs_operator.domain.rollout.policies.load import load
from tfs_operator.domain.rollout.policies.no_ready_pods import no_ready_pods
from tfs_operator.domain.rollout.policies.retire import retire
from tfs_operator.domain.rollout.policies.try_first import try_first
from tfs_operator.domain.rollout.policies.withdraw import withdraw
from tfs_operator.domain.rollout.steps import with_memory
from tfs_operator.domain.rollout.view import View

Policy = Callable[[View, ModelConfig], Step | None]


POLICIES: tuple[Policy, ...] = (
    leave_latest,
    withdraw,
    try_first,
    load,
    compare,
    commit,
    label,
    retire,
    await_discovered,
    done,
)


def decide(facts: Facts) -> Step:
    """Returns the next step of one model; the same facts give the same step."""
    if (first := bootstrap(facts)) is not None:
        return first
    assert facts.committed is not None
    view = View(facts, facts.aspired, facts.committed)
    goal = target.running(view)
    if not view.pods:
        return _without_pods(view, goal)
    found = next(step for policy in POLICIES if (step := policy(view, goal)) is not None)
    stuck = not found.goal.hold and is_stuck(view, goal)
    return with_memory(view, replace(found, replace_pods=True) if stuck else found, goal)


def _without_pods(view: View, goal: ModelConfig) -> Step:
    """A death that took the last ready pod is attributed at once."""
    blamed = withdraw(view, goal) if view.killed else None
    return no_ready_pods(view) if blamed is None else with_memory(view, blamed, goal)

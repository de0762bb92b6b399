"""Carries out a plan, in one order.

1. The children: the ConfigMap and all others; what order these have is apply's.
2. The log: one line for each new step, unless a child that is needed could not be written.
3. The pods: each model server that needs another configuration, if the ConfigMap holds what the plan commits. A pod
   that restarts comes up with what the ConfigMap says, so that must never lag behind what a server was sent.
4. The questions: each new version that is to show whether it can predict. Nothing waits for the answers; they come with
   a later round.

The status and its events come once a pass, after the last round: reconcile/status.py.
"""

import logging
from collections.abc import Callable, Iterable

from tfs_operator.controller.reconcile.gather import Gatherer
from tfs_operator.controller.reconcile.state import TFModelState
from tfs_operator.planning import ApplyFailure, LiveChildren, Observed, Outcome, Plan, Refused, Reloaded

log = logging.getLogger(__name__)


class Actor:
    """Raises ClusterError when the API server could not be used: then no pod was sent anything."""

    def __init__(self, gatherer: Gatherer, look_for: Callable[[Iterable[str]], None] = lambda kinds: None) -> None:
        """`look_for` is called with kinds that are needed and that the cluster does not know."""
        self._gatherer = gatherer
        self._look_for = look_for

    async def act(self, state: TFModelState, observed: Observed | Refused, plan: Plan) -> Outcome:
        """Returns what has come of it. A refusal leaves everything as it is."""
        if isinstance(observed, Refused):
            return Outcome()
        self._look_for(plan.lacking_kinds)
        failure = await _apply(state, observed, plan)
        if failure is None or not failure.blocking:
            _log_new_steps(plan)
        live = self._gatherer.children(observed.subject)
        reloaded = await _reload(state, plan, live)
        state.prober.ask(plan.pods, plan.probes)
        return Outcome(failure, reloaded, self._gatherer.children(observed.subject))


async def _apply(state: TFModelState, observed: Observed, plan: Plan) -> ApplyFailure | None:
    if plan.children is None:
        return None
    return await state.children.reconcile(observed.tfmodel, plan.children)


def _log_new_steps(plan: Plan) -> None:
    for name in plan.new_steps:
        step = plan.steps[name]
        log.info("model %s: %s: %s", name, step.action, step.message)


async def _reload(state: TFModelState, plan: Plan, live: LiveChildren) -> Reloaded:
    if plan.committed is None or live.committed != plan.committed:
        return Reloaded()
    return await state.reloader.reload(plan.pods, plan.reloads)

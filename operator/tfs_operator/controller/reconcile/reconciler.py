"""Drives one TFModel from its observed state to its spec: gathers, decides and acts. The same for every cause."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.reconcile.act import Actor
from tfs_operator.controller.reconcile.gather import Gatherer
from tfs_operator.controller.reconcile.state import TFModelState, TFModelStates
from tfs_operator.controller.reconcile.status import StatusWriter
from tfs_operator.planning import Clocks, Passed, Refused, Subject, after, conclude, decide

MAX_ROUNDS = 4
"""Rounds of one pass: a label moves in two, and is seen to have moved in the second."""


@dataclass(frozen=True)
class Result:
    """When to reconcile the TFModel again, if no event comes before: after `seconds`, or with back-off."""

    seconds: float | None = None
    back_off: bool = False


NO_REQUEUE = Result()


class Reconciler:
    """Raises ClusterError when the API server could not be used; the caller backs off."""

    def __init__(
        self,
        states: TFModelStates,
        gatherer: Gatherer,
        actor: Actor,
        status: StatusWriter,
        slow_seconds: float = 30.0,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`slow_seconds`: how often pods at rest are queried."""
        self._states = states
        self._gatherer = gatherer
        self._actor = actor
        self._status = status
        self._slow_seconds = slow_seconds
        self._clock = clock
        self._monotonic = monotonic

    async def reconcile(self, key: TFModelKey) -> Result:
        """Runs one pass. Level-triggered: it reads the cache and the pods, never the reason for being called."""
        subject = self._gatherer.subject(key)
        if subject is None:
            return self._forget(key)
        state = self._states.of(key)
        passed = await self._pass(subject, state)
        clocks = Clocks(self._clock(), self._monotonic())
        conclusion = conclude(passed, state.remembered, self._slow_seconds, clocks)
        state.remembered = conclusion.remembered
        await self._status.write(conclusion)
        return Result(conclusion.next_seconds, conclusion.back_off)

    async def _pass(self, subject: Subject | Refused, state: TFModelState) -> Passed:
        """As far as it goes now: round by round while pods take something new."""
        passed: Passed | None = None
        memories = self._gatherer.memories(subject, state)
        state.driven = isinstance(subject, Subject)
        for _ in range(MAX_ROUNDS):
            observed = await self._gatherer.gather(subject, state, memories)
            plan = decide(observed)
            outcome = await self._actor.act(state, observed, plan)
            passed, memories = after(passed, observed, plan, outcome), plan.memories
            if passed.is_over:
                break
        assert passed is not None
        return passed

    def _forget(self, key: TFModelKey) -> Result:
        """The children go by garbage collection."""
        self._states.drop(key)
        self._status.forget(key)
        return NO_REQUEUE

"""Sends each model server its next configuration, unless it has it already."""

import logging
import math
import time
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace

from tfs_operator.api.conditions import Reason
from tfs_operator.controller.pods.calls import PATIENCE_SECONDS, Calls
from tfs_operator.domain.backoff import delay
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.pods import PodFacts
from tfs_operator.planning.outcome import Reloaded
from tfs_operator.planning.plan import ReloadOrder
from tfs_operator.render.ports import GRPC_PORT
from tfs_operator.serving.errors import ModelServerBusy, ModelServerUnreachable, ReloadRefused
from tfs_operator.serving.reload import ReloadClient

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 10.0
_FIRST_RETRY_SECONDS = 1.0
_MORE_THREADS = (
    "its gRPC threads (--grpc_max_threads) are all in use, and clients lose requests too: raise "
    "server.parallelism.grpcThreads, or run more replicas"
)


@dataclass(frozen=True)
class _Sent:
    """What a server process was sent last; `problem` when it did not take it, for the `attempts`-th time. `taken_at` is
    when it first took it, whatever it was sent again since."""

    incarnation: str
    config: ModelServerConfig
    at: float
    problem: Problem | None
    attempts: int
    taken_at: float

    def is_for(self, order: ReloadOrder) -> bool:
        return (self.incarnation, self.config) == (order.pod.incarnation, order.config)


class Reloader:
    """Reloads the model servers of one TFModel. Remembers what each was sent, only to save repetition: after a loss it
    is sent once more. `wake` is called when a reload has ended late.

    `permit` says for how many seconds from now a reload may still be under way: afterwards another operator may send
    the server something else.
    """

    def __init__(
        self,
        client: ReloadClient,
        wake: Callable[[], None],
        repeat_seconds: float,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        permit: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self._client = client
        self._permit = permit
        self._repeat_seconds = repeat_seconds
        self._clock = clock
        self._calls: Calls[None] = Calls(wake, patience_seconds)
        self._sent: dict[str, _Sent] = {}
        self._sending: dict[str, ModelServerConfig] = {}

    def close(self) -> None:
        """Cancels the reloads that are under way."""
        self._calls.close()

    def heard_for(self) -> dict[str, float]:
        """Returns for how many seconds each server has had its configuration: 0 while it is busy or the call is still
        under way. A server about which nothing is known, also after a call that failed otherwise, has no entry."""
        found: dict[str, float] = {}
        for name, config in self._sending.items():
            sent = self._sent.get(name)
            taken = sent is not None and sent.problem is None and sent.config == config
            if sent is not None and taken:
                found[name] = self._clock() - sent.taken_at
            elif self._calls.is_open(name) or _is_busy(sent):
                found[name] = 0.0
        return found

    async def reload(self, pods: Sequence[PodFacts], orders: Sequence[ReloadOrder]) -> Reloaded:
        """Sends each order that is due. `pods` are all that there are: what is known of others is dropped."""
        names = {pod.name for pod in pods}
        self._calls.keep({name: name for name in names})
        self._sent = {name: sent for name, sent in self._sent.items() if name in names}
        self._sending = {name: config for name, config in self._sending.items() if name in names}
        late = any(self._calls.is_open(name) for name in names)
        due = [order for order in orders if not self._calls.is_open(order.pod.name) and not self._is_sent(order)]
        for order in due:
            self._sending[order.pod.name] = order.config
            self._calls.start(order.pod.name, order.pod.name, self._reload(order))
        await self._calls.wait()
        for order in due:
            if not self._calls.is_open(order.pod.name):
                self._calls.take(order.pod.name)  # raises what is unexpected
        problems = self._problems({pod.name for pod in pods if pod.ready})
        settled = not due and not late and all(order.shown for order in orders)
        return Reloaded(len(due), settled, next(iter(problems), None))

    def _problems(self, ready: Set[str]) -> list[Problem]:
        """A pod that is not ready may be gone by now, so that it could not be reached is no problem of its own."""
        found = ((name, sent.problem) for name, sent in self._sent.items())
        return [
            problem
            for name, problem in found
            if problem and (name in ready or problem.reason != Reason.MODEL_SERVER_UNREACHABLE)
        ]

    def _is_sent(self, order: ReloadOrder) -> bool:
        """Sent again, slowly, while the pod's answers do not show it: something else may have reloaded it meanwhile.
        What it did not take is tried again with back-off."""
        sent = self._sent.get(order.pod.name)
        if sent is None or not sent.is_for(order):
            return False
        if order.shown and sent.problem is None:
            return True
        return self._clock() - sent.at < self._pause(sent)

    def _pause(self, sent: _Sent) -> float:
        if sent.problem is None:
            return self._repeat_seconds
        return delay(sent.attempts, _FIRST_RETRY_SECONDS, self._repeat_seconds)

    async def _reload(self, order: ReloadOrder) -> None:
        seconds = min(DEADLINE_SECONDS, self._permit())
        if seconds <= 0:
            return
        problem = await self._problem(order, seconds)
        sent = self._sent[order.pod.name] = self._after(order, problem)
        if problem is not None and sent.attempts == 1:
            log.warning("%s; trying again with back-off", problem.message)

    def _after(self, order: ReloadOrder, problem: Problem | None) -> _Sent:
        before, now = self._sent.get(order.pod.name), self._clock()
        if before is None or not before.is_for(order):
            return _Sent(order.pod.incarnation, order.config, now, problem, attempts=1, taken_at=now)
        taken_at = now if before.problem is not None else before.taken_at
        return replace(before, at=now, problem=problem, attempts=before.attempts + 1, taken_at=taken_at)

    async def _problem(self, order: ReloadOrder, seconds: float) -> Problem | None:
        name = order.pod.name
        try:
            await self._client.reload(order.pod.address, GRPC_PORT, order.config, seconds, order.pod.certificate)
        except ReloadRefused as error:
            return Problem(Reason.RELOAD_REFUSED, f"pod {name} refused its configuration: {error}")
        except ModelServerBusy as error:
            return Problem(Reason.MODEL_SERVER_BUSY, f"pod {name} took no configuration: {error}; {_MORE_THREADS}")
        except ModelServerUnreachable as error:
            return Problem(Reason.MODEL_SERVER_UNREACHABLE, f"pod {name} took no configuration: {error}")
        return None


def _is_busy(sent: _Sent | None) -> bool:
    return sent is not None and sent.problem is not None and sent.problem.reason == Reason.MODEL_SERVER_BUSY

"""Tells each model server its next configuration, when it has not been told already."""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tfs_operator.api.conditions import Reason
from tfs_operator.controller.key import TFModelKey
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.pods import PodFacts
from tfs_operator.render.ports import GRPC_PORT
from tfs_operator.serving.errors import ModelServerUnreachable, ReloadRefused
from tfs_operator.serving.reload import ReloadClient

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 10.0
PATIENCE_SECONDS = 1.0
"""For how long a pass waits for a server to take its configuration. The call itself goes on until its deadline."""


@dataclass(frozen=True)
class Order:
    """What one pod is to be told. `shown`: its answers show it already."""

    pod: PodFacts
    config: ModelServerConfig
    shown: bool


@dataclass(frozen=True)
class _Told:
    """What a server process was told last; `problem` when it said no, for the `attempts`-th time."""

    incarnation: str
    config: ModelServerConfig
    at: float
    problem: Problem | None
    attempts: int


@dataclass(frozen=True)
class Pushed:
    """`told` servers took something new; `settled`: every server shows what it was told; the first refusal."""

    told: int
    settled: bool
    problem: Problem | None


class Pusher:
    """Remembers what each server was told, only to save repetition: whoever forgets it tells it once more.

    One push at a time goes to a server. `wake` is told of one that ended late. `permit` says for how many seconds from
    now a push may still be under way: afterwards another operator may tell the server something else.
    """

    def __init__(
        self,
        client: ReloadClient,
        wake: Callable[[TFModelKey], None],
        repeat_seconds: float,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        permit: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self._client = client
        self._wake = wake
        self._permit = permit
        self._repeat_seconds = repeat_seconds
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._told: dict[TFModelKey, dict[str, _Told]] = {}
        self._running: dict[TFModelKey, dict[str, asyncio.Task[None]]] = {}

    def forget(self, key: TFModelKey) -> None:
        """Drops what is remembered of a TFModel that is gone, and its pushes."""
        self._told.pop(key, None)
        for task in self._running.pop(key, {}).values():
            task.cancel()

    async def push(self, key: TFModelKey, pods: Sequence[PodFacts], orders: Sequence[Order]) -> Pushed:
        """`pods` are all that there are: what is known of others is dropped."""
        self._keep(key, {pod.name for pod in pods})
        running, late = self._running[key], set(self._running[key])
        due = [order for order in orders if order.pod.name not in running and not self._is_told(key, order)]
        for order in due:
            running[order.pod.name] = asyncio.create_task(self._reload(key, order))
        started = [running[order.pod.name] for order in due]
        if started:
            await asyncio.wait(started, timeout=self._patience_seconds)
        for order in due:
            self._watch_if_late(key, order.pod.name)
        problems = [told.problem for told in self._told[key].values() if told.problem]
        settled = not due and not late and all(order.shown for order in orders)
        return Pushed(len(due), settled, next(iter(problems), None))

    def _keep(self, key: TFModelKey, names: set[str]) -> None:
        told, running = self._told.get(key, {}), self._running.setdefault(key, {})
        self._told[key] = {name: told[name] for name in told if name in names}
        for name in [name for name in running if name not in names]:
            running.pop(name).cancel()

    def _is_told(self, key: TFModelKey, order: Order) -> bool:
        """Told again, slowly, while the pod's answers do not show it: somebody else may have told it otherwise. What
        it did not take is tried again with back-off."""
        told = self._told[key].get(order.pod.name)
        if told is None or (told.incarnation, told.config) != (order.pod.incarnation, order.config):
            return False
        if order.shown and told.problem is None:
            return True
        pause = self._repeat_seconds if told.problem is None else min(2.0 ** (told.attempts - 1), self._repeat_seconds)
        return self._clock() - told.at < pause

    def _watch_if_late(self, key: TFModelKey, name: str) -> None:
        task = self._running[key][name]
        if not task.done():
            task.add_done_callback(lambda _: self._ended_late(key, name))
            return
        del self._running[key][name]
        task.result()  # a mistake of ours shall be seen

    def _ended_late(self, key: TFModelKey, name: str) -> None:
        if self._running.get(key, {}).pop(name, None) is not None:
            self._wake(key)

    async def _reload(self, key: TFModelKey, order: Order) -> None:
        seconds = min(DEADLINE_SECONDS, self._permit())
        if seconds <= 0:
            return
        problem = await self._problem(order, seconds)
        before = self._told.get(key, {}).get(order.pod.name)
        again = before is not None and (before.incarnation, before.config) == (order.pod.incarnation, order.config)
        attempts = before.attempts + 1 if before is not None and again else 1
        if key in self._told:
            told = _Told(order.pod.incarnation, order.config, self._clock(), problem, attempts)
            self._told[key][order.pod.name] = told
        if problem is not None and attempts == 1:
            log.warning("%s; trying again with back-off", problem.message)

    async def _problem(self, order: Order, seconds: float) -> Problem | None:
        name = order.pod.name
        try:
            await self._client.reload(order.pod.address, GRPC_PORT, order.config, seconds, order.pod.certificate)
        except ReloadRefused as error:
            return Problem(Reason.RELOAD_REFUSED, f"pod {name} refused its configuration: {error}")
        except ModelServerUnreachable as error:
            return Problem(Reason.MODEL_SERVER_UNREACHABLE, f"pod {name} took no configuration: {error}")
        return None

"""Takes keys from the queue and reconciles them; what goes wrong with one key delays only that key."""

import asyncio
import logging
import time

from tfs_operator.cluster.errors import ClusterError
from tfs_operator.cluster.queue import QueueClosed, WorkQueue
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.metrics import Metrics
from tfs_operator.controller.reconcile import Again, Reconciler
from tfs_operator.logs import reconciling

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 120.0


class Worker:
    """One for all tasks that work on the queue."""

    def __init__(self, queue: WorkQueue[TFModelKey], reconciler: Reconciler, metrics: Metrics) -> None:
        self._queue = queue
        self._reconciler = reconciler
        self._metrics = metrics
        self._failures: dict[TFModelKey, str] = {}

    async def work(self) -> None:
        """Until the queue is closed."""
        while True:
            try:
                key = await self._queue.get()
            except QueueClosed:
                return
            try:
                with reconciling(*key):
                    await self._work_on(key)
            finally:
                self._queue.done(key)

    async def _work_on(self, key: TFModelKey) -> None:
        started = time.monotonic()
        again = await self._reconcile(key)
        if again is None or again.back_off:
            self._queue.add_rate_limited(key)
        else:
            self._queue.forget(key)
            if again.seconds is not None:
                self._queue.add_after(key, again.seconds)
        self._metrics.reconciled(_result(again), time.monotonic() - started)

    async def _reconcile(self, key: TFModelKey) -> Again | None:
        """None when it failed."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                again = await self._reconciler.reconcile(key)
        except ClusterError as error:
            self._say(key, str(error))
        except TimeoutError:
            self._say(key, f"not done within {DEADLINE_SECONDS:.0f} s")
        except Exception as error:  # a mistake of ours must cost one TFModel, not all of them
            self._say(key, f"a mistake in the operator: {error!r}", trace=True)
        else:
            self._failures.pop(key, None)
            return again
        return None

    def _say(self, key: TFModelKey, failure: str, *, trace: bool = False) -> None:
        """One line for one failure, however often it is tried again."""
        if self._failures.get(key) != failure:
            self._failures[key] = failure
            log.warning("%s; trying again with back-off", failure, exc_info=trace)


def _result(again: Again | None) -> str:
    if again is None:
        return "error"
    return "success" if again.seconds is None else "requeue_after"

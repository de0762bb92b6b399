"""Takes keys from the queue and reconciles them; what goes wrong with one key delays only that key."""

import asyncio
import logging
import time

from tfs_operator.cluster.errors import ClusterError
from tfs_operator.cluster.queue import QueueClosed, WorkQueue
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.metrics import Metrics
from tfs_operator.controller.reconcile import Again, Reconciler

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 120.0


async def work(queue: WorkQueue[TFModelKey], reconciler: Reconciler, metrics: Metrics) -> None:
    """Until the queue is closed."""
    while True:
        try:
            key = await queue.get()
        except QueueClosed:
            return
        try:
            await _work_on(key, queue, reconciler, metrics)
        finally:
            queue.done(key)


async def _work_on(key: TFModelKey, queue: WorkQueue[TFModelKey], reconciler: Reconciler, metrics: Metrics) -> None:
    started = time.monotonic()
    again = await _reconcile(key, reconciler)
    if again is None or again.back_off:
        queue.add_rate_limited(key)
    else:
        queue.forget(key)
        if again.seconds is not None:
            queue.add_after(key, again.seconds)
    metrics.reconciled(_result(again), time.monotonic() - started)


def _result(again: Again | None) -> str:
    if again is None:
        return "error"
    return "success" if again.seconds is None else "requeue_after"


async def _reconcile(key: TFModelKey, reconciler: Reconciler) -> Again | None:
    """None when it failed. A failure that nobody foresaw is logged whole and backs off like any other."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await reconciler.reconcile(key)
    except ClusterError as error:
        log.warning("%s: %s; trying again with back-off", key, error)
    except TimeoutError:
        log.warning("%s: not done within %.0f s; trying again with back-off", key, DEADLINE_SECONDS)
    except Exception:
        log.exception("%s: a mistake in the operator; trying again with back-off", key)
    return None

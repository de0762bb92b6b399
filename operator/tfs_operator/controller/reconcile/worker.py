"""Takes keys from the queue and reconciles them; what goes wrong with one key delays only that key."""

import asyncio
import logging
import time
from collections.abc import Callable

from tfs_operator.cluster.errors import ClusterError, NotPermitted
from tfs_operator.cluster.queue import QueueClosed, WorkQueue
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.metrics import Metrics
from tfs_operator.controller.reconcile.reconciler import Reconciler, Result
from tfs_operator.controller.reconcile.state import TFModelStates
from tfs_operator.domain.token_buckets import TokenBuckets
from tfs_operator.logs import reconciling

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 120.0
PASSES, PASSES_PER_SECOND = 100.0, 10.0
"""Of one TFModel: a burst, and what goes on for ever, as where a model server answers otherwise each time. A rollout
takes some thirty."""

GRACE_SECONDS = 5.0
"""For a reconcile to end by itself, when the process is asked to."""


class UnexpectedErrors:
    """How long every reconcile has crashed or timed out; the liveness probe reads it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None

    def record(self) -> None:
        """Notes that a reconcile has crashed or timed out."""
        self._since = self._clock() if self._since is None else self._since

    def reset(self) -> None:
        """Notes that a reconcile has ended otherwise, be it because the API server failed."""
        self._since = None

    def seconds(self) -> float:
        """Returns the seconds since the first of them in a row; 0 when the last reconcile was none of them."""
        return 0.0 if self._since is None else self._clock() - self._since


class Worker:
    """Works on the queue, with several tasks at once."""

    def __init__(
        self,
        queue: WorkQueue[TFModelKey],
        reconciler: Reconciler,
        states: TFModelStates,
        metrics: Metrics,
        unexpected_errors: UnexpectedErrors | None = None,
    ) -> None:
        self._queue = queue
        self._reconciler = reconciler
        self._states = states
        self._metrics = metrics
        self._unexpected_errors = unexpected_errors or UnexpectedErrors()
        self._pace: TokenBuckets[TFModelKey] = TokenBuckets(PASSES, PASSES_PER_SECOND)

    async def work_all(self, count: int) -> None:
        """Runs `count` tasks until one fails or this is cancelled; then reconciles that are under way may finish."""
        tasks = [asyncio.create_task(self.work(), name=f"worker-{number}") for number in range(count)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._queue.close()
            await asyncio.wait(tasks, timeout=GRACE_SECONDS)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def work(self) -> None:
        """Takes and reconciles keys until the queue is closed."""
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
        if (pause := self._pace.take(key, started)) > 0:
            self._queue.add_after(key, pause)
            return
        result = await self._reconcile(key)
        if result is None or result.back_off:
            self._queue.add_rate_limited(key)
        else:
            self._queue.forget(key)
            if result.seconds is not None:
                self._queue.add_after(key, result.seconds)
        self._metrics.reconciled(_result(result), time.monotonic() - started)

    async def _reconcile(self, key: TFModelKey) -> Result | None:
        """None when it failed."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                result = await self._reconciler.reconcile(key)
        except NotPermitted:
            return None  # another operator leads, and this process is about to end
        except ClusterError as error:
            self._unexpected_errors.reset()
            self._log_failure(key, str(error))
        except TimeoutError:
            self._unexpected_errors.record()
            self._log_failure(key, f"not done within {DEADLINE_SECONDS:.0f} s")
        except Exception as error:  # must cost one TFModel, not all of them
            self._unexpected_errors.record()
            self._log_failure(key, f"a mistake in the operator: {error!r}", trace=True)
        else:
            self._unexpected_errors.reset()
            self._clear_failure(key)
            return result
        return None

    def _log_failure(self, key: TFModelKey, failure: str, *, trace: bool = False) -> None:
        """One line for one failure, however often it is tried again."""
        state = self._states.of(key)
        if state.failure != failure:
            state.failure = failure
            log.warning("%s; trying again with back-off", failure, exc_info=trace)

    def _clear_failure(self, key: TFModelKey) -> None:
        """A TFModel that is gone has no state, and gets none."""
        state = self._states.find(key)
        if state is not None:
            state.failure = ""


def _result(result: Result | None) -> str:
    if result is None:
        return "error"
    return "success" if result.seconds is None else "requeue_after"

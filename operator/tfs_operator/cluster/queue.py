"""A work queue that never hands out a key twice at once and never loses an add.

A key is in one of four states: unknown; waiting until a time; ready; processing. An `add` while it is
processing makes it ready again after `done`. Of several due times of a key the earliest counts: level-triggered
work sees everything anyway, and adds the key anew if it is to run later. Semantics: client-go's util/workqueue.
"""

import asyncio
import heapq
import random
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from tfs_operator.domain.backoff import delay

FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 300.0
_JITTER = 0.2

K = TypeVar("K", bound=Hashable)


class QueueClosed(Exception):
    """Raised by `get` after `close`."""


class QueueMetrics(Protocol):
    """What client-go's metrics are made of: workqueue_depth, …_adds_total, …_queue_duration_seconds,
    …_work_duration_seconds, …_retries_total."""

    def depth(self, keys: int) -> None:
        """After every change of the number of ready keys."""

    def added(self) -> None:
        """A key became ready."""

    def queued(self, seconds: float) -> None:
        """How long a key was ready before a worker took it."""

    def worked(self, seconds: float) -> None:
        """How long a worker had a key."""

    def retried(self) -> None:
        """A key was added with back-off."""


class NoMetrics:
    """Counts nothing."""

    def depth(self, keys: int) -> None: ...
    def added(self) -> None: ...
    def queued(self, seconds: float) -> None: ...
    def worked(self, seconds: float) -> None: ...
    def retried(self) -> None: ...


class WorkQueue(Generic[K]):
    """Hands out the ready keys, first in, first out. For one event loop; `add` is no coroutine and never blocks."""

    def __init__(
        self,
        *,
        metrics: QueueMetrics | None = None,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._metrics = metrics or NoMetrics()
        self._clock = clock
        self._jitter = jitter
        self._ready: dict[K, float] = {}  # since when; in order
        self._processing: dict[K, float] = {}  # since when
        self._again: dict[K, float] = {}  # added while processing: since when
        self._due: dict[K, float] = {}  # waiting until when
        self._timeline: list[tuple[float, int, K]] = []  # a heap over _due; entries may be outdated
        self._failures: dict[K, int] = {}
        self._serial = 0
        self._closed = False
        self._changed = asyncio.Event()

    @property
    def depth(self) -> int:
        """Ready keys, not those that wait or are being processed."""
        return len(self._ready)

    def oldest_age(self) -> float:
        """Returns seconds that a ready key has been waiting for a worker at most; 0 when there is none."""
        self._promote()
        return self._age(self._ready)

    def longest_running(self) -> float:
        """Returns seconds that the slowest worker has had its key; 0 when all are idle."""
        return self._age(self._processing)

    def add(self, key: K) -> None:
        """Makes the key ready now; a later due time of the same key is dropped."""
        self._due.pop(key, None)
        self._make_ready(key, self._clock())

    def add_after(self, key: K, seconds: float) -> None:
        """Makes the key ready in `seconds`, unless it is sooner anyway."""
        if seconds <= 0:
            self.add(key)
            return
        due = self._clock() + seconds
        if key in self._ready or key in self._again or self._due.get(key, due + 1) <= due:
            return
        self._due[key] = due
        self._serial += 1
        heapq.heappush(self._timeline, (due, self._serial, key))
        self._compact()
        self._changed.set()

    def add_rate_limited(self, key: K) -> None:
        """Makes the key ready after a pause that doubles with every call since `forget`."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        self._metrics.retried()
        pause = delay(failures, FIRST_BACKOFF_SECONDS / (1 - _JITTER), LONGEST_BACKOFF_SECONDS)
        self.add_after(key, pause * (1 - _JITTER * self._jitter()))

    def forget(self, key: K) -> None:
        """Makes the next pause of the key the shortest again. A key that is due stays due."""
        self._failures.pop(key, None)

    async def get(self) -> K:
        """Returns the next key, as soon as there is one; follow it with `done`. Raises QueueClosed."""
        while True:
            if self._closed:
                raise QueueClosed
            self._promote()
            if self._ready:
                return self._take()
            self._changed.clear()
            await self._wait()

    def done(self, key: K) -> None:
        """Ends the work on `key`, well or not."""
        self._metrics.worked(self._clock() - self._processing.pop(key))
        since = self._again.pop(key, None)
        if since is not None:
            self._make_ready(key, since)

    def close(self) -> None:
        """Sends every worker home, now or at its next `get`; keys still in the queue are dropped."""
        self._closed = True
        self._changed.set()

    def _age(self, since: dict[K, float]) -> float:
        return self._clock() - min(since.values()) if since else 0.0

    def _make_ready(self, key: K, since: float) -> None:
        if key in self._processing:
            self._again.setdefault(key, since)
        elif key not in self._ready:
            self._ready[key] = since
            self._metrics.added()
            self._metrics.depth(len(self._ready))
            self._changed.set()

    def _take(self) -> K:
        now = self._clock()
        key, since = next(iter(self._ready.items()))
        del self._ready[key]
        self._processing[key] = now
        self._metrics.depth(len(self._ready))
        self._metrics.queued(now - since)
        return key

    def _promote(self) -> None:
        """Makes ready what is due."""
        now = self._clock()
        while self._timeline and self._timeline[0][0] <= now:
            due, _, key = heapq.heappop(self._timeline)
            if self._due.get(key) == due:
                del self._due[key]
                self._make_ready(key, due)

    def _compact(self) -> None:
        """Drops the timeline's outdated entries once they are the greater part."""
        if len(self._timeline) > 2 * len(self._due) + 64:
            self._timeline = [entry for entry in self._timeline if self._due.get(entry[2]) == entry[0]]
            heapq.heapify(self._timeline)

    async def _wait(self) -> None:
        """Until something changes or the next key is due."""
        pause = max(0.0, self._timeline[0][0] - self._clock()) if self._timeline else None
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._changed.wait()

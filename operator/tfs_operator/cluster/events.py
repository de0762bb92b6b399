"""Writes what happened as Events on the TFModel; repeats are counted, not repeated, and a flood is summed up.

`record` only notes the event down; `run`, a task of its own, writes it. So an API server that refuses or
loses events delays no reconcile and fails none. Format: https://kubernetes.io/docs/reference/
kubernetes-api/cluster-resources/event-v1/ (events.k8s.io/v1; limits from pkg/apis/core/validation/events.go).
"""

import asyncio
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from tfs_operator.api import identity
from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.foreign_text import one_line
from tfs_operator.domain.token_buckets import TokenBuckets

from . import errors
from .client import ClusterClient
from .micro_time import micro_time
from .queue import WorkQueue

CONTROLLER = "tfs-operator.io/controller"
MAX_NOTE_BYTES = 1024
MAX_FIELD_BYTES = 128
MAX_SERIES = 5000
"""Series remembered; of the one that was quiet longest, a repeat becomes a new Event."""
MAX_PENDING = 5000
"""Events not written yet; further new ones are dropped while the API server does not take them."""
BURST, PER_SECOND = 50.0, 1 / 30
"""Different events of one TFModel that are written one by one. More than a dozen rollouts at once, and then one every
five minutes. client-go has 25 and one in five minutes, for an object that changes less."""

SUMMED_UP = "more of this kind than are told one by one; the conditions say what is so now"
PATIENCE_SECONDS = 1.0
_MAX_NAME = 236

EventType = Literal["Normal", "Warning"]

_log = logging.getLogger(__name__)


class _Series(NamedTuple):
    """What makes two events the same."""

    namespace: str
    name: str
    uid: str
    type: str
    reason: str
    note: str
    action: str


@dataclass
class _Occurrences:
    """Of one series: how often, and what of it is written."""

    event_name: str
    first: datetime
    last: datetime
    last_at: float
    count: int = 1
    written_at: float | None = None
    created: bool = False


class EventRecorder:
    """Counts a repeat within `window` seconds of the last one; writes a series at most every `interval` seconds, and
    not more than one a second while there is more urgent work: `busy`. Of a TFModel with more than BURST different
    events the others are counted by their type, reason and action."""

    def __init__(
        self,
        client: ClusterClient,
        instance: str,
        *,
        interval: float = 10.0,
        window: float = 360.0,
        busy: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._instance = _cut(instance, MAX_FIELD_BYTES)
        self._interval = interval
        self._window = window
        self._busy = busy
        self._clock = clock
        self._seen: OrderedDict[_Series, _Occurrences] = OrderedDict()
        self._queue: WorkQueue[_Series] = WorkQueue(clock=clock)
        self._budget: TokenBuckets[str] = TokenBuckets(BURST, PER_SECOND)
        self._failing = False

    def record(self, tfmodel: Mapping[str, Any], type_: EventType, reason: str, note: str, action: str) -> bool:
        """Notes down that `reason` happened to the TFModel while the operator did `action` (both CamelCase). Returns
        whether it is told by itself, and not only counted among others."""
        series = _series(tfmodel, type_, reason, note, action)
        if self._repeated(series):
            return True
        told = self._budget.take(series.uid, self._clock()) == 0
        if not told:
            series = series._replace(note=SUMMED_UP)
        if told or not self._repeated(series):
            self._begin(series)
        return told

    def _repeated(self, series: _Series) -> bool:
        """Counts it if it has happened before, within the window."""
        seen = self._seen.get(series)
        if seen is None or self._clock() - seen.last_at > self._window:
            return False
        self._repeat(series, seen)
        return True

    async def run(self) -> None:
        """Writes what is recorded, until it is cancelled."""
        while True:
            series = await self._queue.get()
            try:
                await self._let_others_pass()
                await self._write(series)
            finally:
                self._queue.done(series)

    async def _let_others_pass(self) -> None:
        patience = self._clock() + PATIENCE_SECONDS
        while self._busy() and self._clock() < patience:  # noqa: ASYNC110  # a queue has no event for being empty
            await asyncio.sleep(PATIENCE_SECONDS / 10)

    def _begin(self, series: _Series) -> None:
        if self._queue.depth >= MAX_PENDING:
            self._failed("too many are waiting to be written")
            return
        now = datetime.now(UTC)
        name = series.name[:_MAX_NAME].rstrip("-.")
        self._seen[series] = _Occurrences(f"{name}.{secrets.token_hex(8)}", now, now, self._clock())
        self._seen.move_to_end(series)
        if len(self._seen) > MAX_SERIES:
            self._seen.popitem(last=False)
        self._queue.add(series)

    def _repeat(self, series: _Series, seen: _Occurrences) -> None:
        seen.count += 1
        seen.last, seen.last_at = datetime.now(UTC), self._clock()
        self._seen.move_to_end(series)
        if seen.written_at is not None:
            self._queue.add_after(series, seen.written_at + self._interval - self._clock())

    async def _write(self, series: _Series) -> None:
        seen = self._seen.get(series)
        if seen is None:
            return
        seen.written_at, count = self._clock(), seen.count
        try:
            await self._create_or_patch(series, seen)
        except errors.ClusterError as error:
            self._failed(str(error))
            return
        self._failing, seen.created = False, True
        if seen.count > count:
            self._queue.add_after(series, self._interval)

    async def _create_or_patch(self, series: _Series, seen: _Occurrences) -> None:
        if seen.created:
            try:
                await self._client.patch_event(series.namespace, seen.event_name, {"series": _repeats(seen)})
                return
            except errors.NotFound:
                pass  # it has expired: the series begins anew under its old name
        with suppress(errors.Conflict):  # an earlier try of ours whose answer was lost
            await self._client.create_event(_event(series, seen, self._instance))

    def _failed(self, why: str) -> None:
        """Logs the first failure in a row as a warning."""
        _log.log(logging.DEBUG if self._failing else logging.WARNING, "cannot write events: %s", why)
        self._failing = True


def _series(tfmodel: Mapping[str, Any], type_: EventType, reason: str, note: str, action: str) -> _Series:
    metadata = tfmodel["metadata"]
    return _Series(
        metadata["namespace"],
        metadata["name"],
        metadata["uid"],
        type_,
        _cut(reason, MAX_FIELD_BYTES),
        _cut(note, MAX_NOTE_BYTES),
        _cut(action, MAX_FIELD_BYTES),
    )


def _event(series: _Series, seen: _Occurrences, instance: str) -> Manifest:
    event = {
        "metadata": {"namespace": series.namespace, "name": seen.event_name},
        "eventTime": micro_time(seen.first),
        "type": series.type,
        "reason": series.reason,
        "note": series.note,
        "action": series.action,
        "reportingController": CONTROLLER,
        "reportingInstance": instance,
        "regarding": {
            "apiVersion": identity.API_VERSION,
            "kind": identity.KIND,
            "namespace": series.namespace,
            "name": series.name,
            "uid": series.uid,
        },
    }
    return {**event, "series": _repeats(seen)} if seen.count > 1 else event


def _repeats(seen: _Occurrences) -> Manifest:
    """The API server refuses a series of fewer than two."""
    return {"count": seen.count, "lastObservedTime": micro_time(seen.last)}


def _cut(text: str, max_bytes: int) -> str:
    """On one line, since a part of it may be what others wrote. The API server counts bytes; a character is not torn
    apart."""
    line = one_line(text, max_bytes)
    encoded = line.encode()
    if len(encoded) <= max_bytes:
        return line
    return encoded[: max_bytes - len("…".encode())].decode(errors="ignore") + "…"

"""Leader election by a Lease: of several operators one acts, the others stand by.

The record is client-go's (k8s.io/client-go/tools/leaderelection), so `kubectl get lease` shows what one is used to.
Two clocks are never compared: a holder is gone when its record has not changed for the record's own duration, by this
process's monotonic clock, since it was last seen to change. A holder stops by itself, `renew_deadline` after it began
the last renewal that succeeded, which is before another operator may take the lease. What it sends until then must not
arrive much later: `remaining` bounds every request that changes something.
"""

import asyncio
import logging
import math
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from tfs_operator.api.manifest import Manifest

from . import errors
from .client import ClusterClient
from .micro_time import micro_time

OWN_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Of a pod, as the kubelet mounts it."""

_RELEASE_SECONDS = 5.0
_MIN_MARGIN = 1.0
_MAX_DURATION = 300

log = logging.getLogger(__name__)


class LeaseLost(errors.ClusterError):
    """Raised when the Lease is lost: the process must not write any more, and should end."""


@dataclass(frozen=True)
class Times:
    """Seconds. Raises ValueError for times with which two could act at once, or a renewal could not fail even once.

    A standby looks every `retry` seconds, so it acts at most `retry + duration` after the last renewal, and
    the time of two requests later.
    """

    duration: int = 10
    renew_deadline: float = 7.0
    retry: float = 2.0

    def __post_init__(self) -> None:
        if not 0.1 <= self.retry <= self.renew_deadline / 2:
            raise ValueError("the retry period must be at least 0.1 s and at most half of the renew deadline")
        if not self.renew_deadline + _MIN_MARGIN <= self.duration <= _MAX_DURATION:
            raise ValueError(
                f"the lease duration must exceed the renew deadline by {_MIN_MARGIN:.0f} s, up to {_MAX_DURATION} s"
            )


class Leadership(Protocol):
    """Decides whether this process may act."""

    async def acquire(self) -> None:
        """Returns once it may."""

    async def keep(self) -> None:
        """Keeps the permission, until it is lost. Raises LeaseLost."""

    async def release(self) -> None:
        """Gives the permission up, so that another operator can act at once. Never raises."""

    def remaining(self) -> float:
        """Returns seconds for which it may act without a further renewal; 0 when it may not."""


class SingleOperator:
    """Leads without an election: the operator was started as the only one."""

    def __init__(self, on_change: Callable[[bool], None] = lambda leads: None) -> None:
        self._on_change = on_change

    async def acquire(self) -> None:
        self._on_change(True)

    async def keep(self) -> None:
        await asyncio.Event().wait()

    async def release(self) -> None: ...

    def remaining(self) -> float:
        return math.inf


class Lease:
    """One candidate for one Lease. `client` should send each request once: what to try again is decided here."""

    def __init__(
        self,
        client: ClusterClient,
        namespace: str,
        name: str,
        identity: str,
        times: Times | None = None,
        *,
        on_change: Callable[[bool], None] = lambda leads: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self._identity = identity
        self._times = times or Times()
        self._on_change = on_change
        self._clock = clock
        self._live: Manifest | None = None
        self._seen = ""  # the newest version that was read, and since when, by our clock
        self._seen_at = 0.0
        self._valid_from = -math.inf
        self._asked = False  # for the lease, which is then ours, or may be
        self._problem = ""

    def remaining(self) -> float:
        """See Leadership."""
        return max(0.0, self._valid_from + self._times.renew_deadline - self._clock())

    async def acquire(self) -> None:
        """Returns as soon as this process holds the lease. An API server that fails is asked again."""
        log.info("standing by for lease %s/%s as %s", self._namespace, self._name, self._identity)
        while True:
            if await self._try(self._take, self._times.renew_deadline):
                break
            await asyncio.sleep(self._pause())
        log.info("leading: holds lease %s/%s", self._namespace, self._name)
        self._on_change(True)

    async def keep(self) -> None:
        """Renews for as long as nothing prevents it. Raises LeaseLost: late, never early."""
        pause = self._times.retry
        while True:
            await asyncio.sleep(min(pause, self.remaining()))
            renewed = await self._try(self._renew, self._patience())
            pause = self._valid_from + self._times.retry - self._clock() if renewed else self._times.retry / 4

    async def release(self) -> None:
        """Leaves the lease without a holder, if this process holds it, or may have got it a moment ago."""
        if not self._asked:
            return
        self._stop()
        with suppress(errors.ClusterError, TimeoutError):
            async with asyncio.timeout(_RELEASE_SECONDS):
                await self._look()
                if _holder(self._live) == self._identity:
                    await self._write("", duration=1)
                    log.info("released lease %s/%s", self._namespace, self._name)

    # one attempt each

    async def _take(self) -> bool:
        await self._look()
        if self._waits() > 0:
            return False
        return await self._hold()

    async def _renew(self) -> bool:
        """The record is known, so one request does; after a conflict it is read."""
        if self.remaining() <= 0:
            raise self._lost(f"it was not renewed for {self._times.renew_deadline:g} s: {self._problem or 'too busy'}")
        if self._live is None:
            await self._look()
        if self._live is not None and _holder(self._live) != self._identity:
            raise self._lost(f"it is held by {_holder(self._live) or 'no operator'}")
        return await self._hold()

    async def _hold(self) -> bool:
        started, self._asked = self._clock(), True
        try:
            await self._write(self._identity, self._times.duration)
        except errors.Conflict:
            self._live = None  # another operator was faster, or an answer was lost
            return False
        self._valid_from = started
        return True

    async def _try(self, attempt: Callable[[], Awaitable[bool]], seconds: float) -> bool:
        """False when it did not work this time. Logs the first failure in a row."""
        try:
            async with asyncio.timeout(max(seconds, 0.01)):
                done = await attempt()
        except LeaseLost:
            raise
        except (errors.ClusterError, TimeoutError) as error:
            self._say(str(error) or "no answer in time")
            return False
        self._problem = ""
        return done

    def _patience(self) -> float:
        """Of one renewal: there should be time for another one."""
        return min(self.remaining(), max(1.5 * self._times.retry, self.remaining() / 2))

    def _say(self, problem: str) -> None:
        if not self._problem:
            log.warning("lease %s/%s: %s; trying again", self._namespace, self._name, problem)
        self._problem = problem

    # the record

    async def _look(self) -> None:
        self._live = await self._client.get("Lease", self._namespace, self._name)
        if _version(self._live) != self._seen:
            self._seen, self._seen_at = _version(self._live), self._clock()

    async def _write(self, holder: str, duration: int) -> None:
        """Refused by a Conflict unless the record is as it was last seen."""
        now = micro_time(datetime.now(UTC))
        spec = dict((self._live or {}).get("spec") or {})
        if spec.get("holderIdentity") != holder:
            transitions = int(spec.get("leaseTransitions") or 0)
            spec |= {"acquireTime": now, "leaseTransitions": transitions + 1 if self._live and holder else transitions}
        spec |= {"holderIdentity": holder, "leaseDurationSeconds": duration, "renewTime": now}
        if self._live is None:
            metadata = {"namespace": self._namespace, "name": self._name}
            self._live = await self._client.post({"kind": "Lease", "metadata": metadata, "spec": spec})
        else:
            self._live = await self._client.replace({**self._live, "kind": "Lease", "spec": spec})

    def _waits(self) -> float:
        """Seconds until the record may be taken from its holder; 0 when it may."""
        if _holder(self._live) in ("", self._identity):
            return 0.0
        spec = (self._live or {}).get("spec") or {}
        duration = float(spec.get("leaseDurationSeconds") or self._times.duration)
        return max(0.0, self._seen_at + duration - self._clock())

    def _pause(self) -> float:
        """Not longer than the holder has left."""
        waits = self._waits() if self._live is not None else 0.0
        return min(self._times.retry, waits) if waits > 0 else self._times.retry

    def _lost(self, why: str) -> LeaseLost:
        self._stop()
        lost = f"lost lease {self._namespace}/{self._name}: {why}"
        return LeaseLost(f"{lost}. Another operator may act now; this one ends")

    def _stop(self) -> None:
        self._valid_from, self._asked = -math.inf, False
        self._on_change(False)


def identity(host: str) -> str:
    """Returns a name unlike every other's, also when a pod comes back under its name."""
    return f"{host}_{secrets.token_hex(4)}"


def own_namespace() -> str:
    """Raises ClusterError outside a pod."""
    try:
        return OWN_NAMESPACE.read_text().strip()
    except OSError:
        raise errors.ClusterError("--leader-elect needs --lease-namespace outside a pod") from None


def _holder(live: Manifest | None) -> str:
    return str(((live or {}).get("spec") or {}).get("holderIdentity") or "")


def _version(live: Manifest | None) -> str:
    return str(live["metadata"]["resourceVersion"]) if live else ""

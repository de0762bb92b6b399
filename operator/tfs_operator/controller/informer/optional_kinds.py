"""Kinds of other software, which a cluster may know or not; and may come to know, or forget, while the operator runs.

What is not known is neither listed nor watched nor applied. When that changes for a kind that matters the process ends:
it starts again, and then lists and watches the kind like any other, or leaves it out.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress

from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.errors import ClusterError, Transient
from tfs_operator.controller.kinds import OPTIONAL_KINDS, WATCHED_KINDS
from tfs_operator.domain.backoff import delay

log = logging.getLogger(__name__)

FIRST_LOOK_SECONDS = 5.0
LONGEST_LOOK_SECONDS = 60.0


class OptionalKinds:
    """Knows which of these kinds the cluster knew when the process started."""

    def __init__(self, client: ClusterClient, pause_seconds: float = FIRST_LOOK_SECONDS) -> None:
        self._client = client
        self._pause = pause_seconds
        self._unknown: frozenset[str] = frozenset(OPTIONAL_KINDS)
        self._missed: set[str] = set()
        self._new_miss = asyncio.Event()

    async def discover(self) -> Sequence[str]:
        """The kinds to watch. Waits for an API server that does not answer; raises ClusterError when it says no."""
        self._unknown = frozenset([kind for kind in OPTIONAL_KINDS if not await self._serves_patiently(kind)])
        return [kind for kind in WATCHED_KINDS if kind not in self._unknown]

    async def _serves_patiently(self, kind: str) -> bool:
        while True:
            try:
                return await self._client.serves(kind)
            except Transient as error:
                log.warning("cannot find out about %s: %s; trying again in %.0f s", kind, error, self._pause)
            await asyncio.sleep(self._pause)

    @property
    def unknown(self) -> frozenset[str]:
        """The kinds that the cluster did not know."""
        return self._unknown

    def look_for(self, kinds: Iterable[str]) -> None:
        """Takes note of kinds that a TFModel needs; one that is unknown is looked for from then on."""
        missed = self._unknown.intersection(kinds) - self._missed
        if missed:
            self._missed |= missed
            self._new_miss.set()

    async def until_they_change(self) -> None:
        """Ends once the cluster knows a kind that was missed, or no longer knows one that it knew."""
        looks = 1
        while not (news := await self._news()):
            with suppress(TimeoutError):
                async with asyncio.timeout(delay(looks, self._pause, LONGEST_LOOK_SECONDS)):
                    await self._new_miss.wait()
            looks = 1 if self._new_miss.is_set() else looks + 1
            self._new_miss.clear()
        log.info("%s: ending, to start again and see it so", news)

    async def _news(self) -> str:
        for kind in OPTIONAL_KINDS:
            if kind in self._missed and await self._is_there(kind):
                return f"the cluster knows the kind {kind} now"
            if kind not in self._unknown and await self._is_gone(kind):
                return f"the cluster no longer knows the kind {kind}"
        return ""

    async def _is_there(self, kind: str) -> bool:
        try:
            return await self._client.serves(kind)
        except ClusterError:
            return False

    async def _is_gone(self, kind: str) -> bool:
        """Twice: an API server that has just started does not know its custom resources for a moment."""
        for _ in range(2):
            try:
                if await self._client.serves(kind):
                    return False
            except ClusterError:
                return False
            await asyncio.sleep(self._pause)
        return True

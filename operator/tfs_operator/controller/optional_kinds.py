"""Kinds of other software, which a cluster may know or not; and may come to know while the operator runs.

What is not known is neither listed nor watched nor applied. When a kind that a TFModel asks for appears, the process
ends: it starts again, and then lists and watches it like any other.
"""

import asyncio
import logging
from collections.abc import Sequence

from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.errors import ClusterError
from tfs_operator.controller.kinds import OPTIONAL_KINDS, WATCHED_KINDS

log = logging.getLogger(__name__)

FIRST_LOOK_SECONDS = 5.0
LONGEST_LOOK_SECONDS = 60.0


class OptionalKinds:
    """What the cluster knew when the process started."""

    def __init__(self, client: ClusterClient, first_look_seconds: float = FIRST_LOOK_SECONDS) -> None:
        self._client = client
        self._first_look_seconds = first_look_seconds
        self._unknown: frozenset[str] = frozenset(OPTIONAL_KINDS)
        self._missed: set[str] = set()
        self._missing = asyncio.Event()

    async def discover(self) -> Sequence[str]:
        """The kinds to watch. Raises ClusterError."""
        self._unknown = frozenset([kind for kind in OPTIONAL_KINDS if not await self._client.serves(kind)])
        return [kind for kind in WATCHED_KINDS if kind not in self._unknown]

    def knows(self, kind: str) -> bool:
        """Asked of a kind that is wanted now; what is missed is looked for from then on."""
        if kind not in self._unknown:
            return True
        self._missed.add(kind)
        self._missing.set()
        return False

    async def until_one_appears(self) -> None:
        """Ends once the cluster knows a kind that was missed; then the process should start anew."""
        await self._missing.wait()
        pause = self._first_look_seconds
        while not (found := await self._appeared()):
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_LOOK_SECONDS)
        log.info("the cluster knows the kind %s now: ending, to start again and watch it", found)

    async def _appeared(self) -> str | None:
        for kind in sorted(self._missed):
            try:
                if await self._client.serves(kind):
                    return kind
            except ClusterError as error:
                log.debug("looking for %s: %s", kind, error)
        return None

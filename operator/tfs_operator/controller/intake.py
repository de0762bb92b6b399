"""What is seen goes into the cache, and names the TFModel that it concerns to the queue."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from tfs_operator.cluster.cache import Cache, Key
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.errors import ClusterError
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.kinds import TFMODEL, WATCHED_KINDS, label_selector, tfmodel_of

log = logging.getLogger(__name__)

RESYNC_SECONDS = 600.0
"""A watch cannot tell of an object that was deleted while it was re-listing; a live list can."""


class Intake:
    """Feeds the cache, from lists of our own and from the watch, and enqueues what has changed."""

    def __init__(
        self,
        client: ClusterClient,
        cache: Cache,
        queue: WorkQueue[TFModelKey],
        resync_seconds: float = RESYNC_SECONDS,
        kinds: Sequence[str] = WATCHED_KINDS,
    ) -> None:
        self.kinds = kinds
        self._client = client
        self._cache = cache
        self._queue = queue
        self._resync_seconds = resync_seconds

    def ingest(self, event_type: str | None, item: dict[str, Any]) -> None:
        """One watch event. What the cache knows already, from our own writes for example, changes nothing."""
        changed = self._cache.remove(item) if event_type == "DELETED" else self._cache.upsert(item)
        key = tfmodel_of(item)
        if changed and key is not None:
            self._queue.add(key)

    async def fill(self) -> None:
        """Lists everything before the first reconcile, so that a restart finds nothing to write."""
        for kind in self.kinds:
            await self._list(kind)
        for found in self._cache.keys(TFMODEL):
            self._queue.add(TFModelKey(found.namespace, found.name))

    async def resync_forever(self) -> None:
        """Compares the cache with live lists, now and then. A list that fails is tried again the next time."""
        while True:
            await asyncio.sleep(self._resync_seconds)
            try:
                for kind in self.kinds:
                    await self._relist(kind)
            except ClusterError as error:
                log.warning("resync: %s; trying again in %.0f s", error, self._resync_seconds)

    async def _list(self, kind: str) -> set[Key]:
        """What of one kind differs from what the cache had."""
        items, version = await self._client.list(kind, label_selector=label_selector(kind))
        return self._cache.replace(kind, items, version)

    async def _relist(self, kind: str) -> None:
        before = {key: self._cache.get(*key) for key in self._cache.keys(kind)}
        for key in await self._list(kind):
            item = self._cache.get(*key) or before.get(key)
            owner = tfmodel_of(item) if item else None
            if owner is not None:
                self._queue.add(owner)

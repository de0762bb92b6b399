"""What is seen goes into the cache, and names the TFModel that it concerns to the queue."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from tfs_operator.api.manifest import Manifest
from tfs_operator.cluster.cache import Cache, Key
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.errors import ClusterError, Forbidden, Transient
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.cluster.slim import INCOMPLETE
from tfs_operator.controller.informer.kept import kept
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.kinds import TFMODEL, Scope, label_selector, scopes, tfmodel_of

log = logging.getLogger(__name__)

RESYNC_SECONDS = 600.0
"""How often everything is compared with live lists, whatever the watches say."""
SETTLE_SECONDS = 2.0
"""What a watch has listed is in the cache by then."""
RETRY_SECONDS = 2.0
"""After the client's own patience with an API server is over."""


class Informer:
    """Feeds the cache, from lists of our own and from the watch, and enqueues what has changed.

    While it stands by it enqueues nothing. It is the WatchHandler of kopf's watch, which has no event for an object
    that was deleted while it was interrupted: what its next list does not bring is looked for in a list of our own.
    """

    def __init__(
        self,
        client: ClusterClient,
        cache: Cache,
        queue: WorkQueue[TFModelKey],
        namespaces: Sequence[str] = (),
        resync_seconds: float = RESYNC_SECONDS,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._client = client
        self._cache = cache
        self._queue = queue
        self._scopes = scopes(namespaces)
        self._resync_seconds = resync_seconds
        self._settle_seconds = settle_seconds
        self._leads = False
        self._listed_at: dict[Scope, str] = {}
        self._left_out: set[Scope] = set()
        self._unseen: dict[Scope, set[Key]] = {}
        self._awaited = set(self._scopes)
        self._filled = asyncio.Event()
        self._all_begun = asyncio.Event()
        self._listed: asyncio.Queue[Scope] = asyncio.Queue()

    def leave_out(self, kinds: Collection[str]) -> None:
        """Leaves out kinds that the cluster does not know; call it before anything is listed."""
        self._scopes = [scope for scope in self._scopes if scope[0] not in kinds]
        self._awaited = set(self._scopes)

    async def fill(self) -> None:
        """Lists everything before the watches begin, so that a restart finds nothing to write. Waits for an API server
        that does not answer. Raises ClusterError when it says no."""
        for scope in self._scopes:
            await self._patiently(scope)
        self._filled.set()

    def listed_at(self, scope: Scope) -> str | None:
        """Returns the version from which a watch misses nothing; None for a namespace that is left out."""
        return self._listed_at.get(scope)

    async def relist(self, scope: Scope) -> str | None:
        """Compares the cache with a live list; its version. Waits, and raises, as `fill` does."""
        await self._patiently(scope)
        return self.listed_at(scope)

    async def filled(self) -> None:
        """Returns once there is something to work with."""
        await self._filled.wait()

    async def ready(self) -> None:
        """Returns once every watch that is allowed has begun: from then on nothing is missed."""
        await self._all_begun.wait()

    def lead(self) -> None:
        """Begins to enqueue, first every TFModel."""
        self._leads = True
        for found in self._cache.keys(TFMODEL):
            self._queue.add(TFModelKey(found.namespace, found.name))

    # the WatchHandler

    def ingest(self, event_type: str | None, item: dict[str, Any]) -> None:
        """Takes in one watch event. What the cache knows already, from our own writes for example, changes nothing."""
        changed = self._cache.remove(item) if event_type == "DELETED" else self._take_in(item)
        self._seen(item)
        if changed:
            self._enqueue(item)

    def _take_in(self, item: dict[str, Any]) -> bool:
        known = kept(self._cache, item)
        if known is None:
            return self._cache.drop(item)
        changed = self._cache.upsert(known)
        if changed and known["kind"] == TFMODEL:
            self._complete(known["metadata"])
        return changed and INCOMPLETE not in known

    def _complete(self, tfmodel: Manifest) -> None:
        """Children that were seen before their TFModel are listed once more; nothing is done for it until then. One
        that stands by lists everything when it begins to lead."""
        keys = self._cache.incomplete(tfmodel["uid"]) if self._leads else []
        for scope in self._scopes:
            if within := {key for key in keys if scope in ((key.kind, None), (key.kind, key.namespace))}:
                self._unseen.setdefault(scope, set()).update(within)
                self._listed.put_nowait(scope)

    def listing(self, scope: Scope) -> None:
        """A list begins; what it, or the watch after it, brings is not missing."""
        self._unseen[scope] = self._known(scope)

    def watching(self, scope: Scope) -> None:
        """A watch begins, after a list or where the one before has ended."""
        self._begins(scope)
        if scope in self._unseen:
            self._listed.put_nowait(scope)

    # tasks of their own

    async def look_for_missing(self) -> None:
        """Looks for what a watch's list did not bring, after each of them."""
        while True:
            scope = await self._listed.get()
            await asyncio.sleep(self._settle_seconds)
            if self._unseen.pop(scope, None):
                await self._resync([scope])

    async def resync_forever(self) -> None:
        """Compares the cache with live lists, now and then."""
        while True:
            await asyncio.sleep(self._resync_seconds)
            await self._resync(self._scopes)

    async def _resync(self, chosen: Sequence[Scope]) -> None:
        try:
            for scope in chosen:
                await self._patiently(scope)
        except ClusterError as error:
            log.warning("resync: %s; trying again in %.0f s", error, self._resync_seconds)

    async def _patiently(self, scope: Scope) -> None:
        said = False
        while True:
            try:
                return await self._list(scope)
            except Transient as error:
                if not said:
                    log.warning("cannot list %s: %s; trying again every %.0f s", scope[0], error, RETRY_SECONDS)
                said = True
            except Forbidden as error:
                if scope[1] is None:
                    raise
                return self._leave_out(scope, error)
            await asyncio.sleep(RETRY_SECONDS)

    def _leave_out(self, scope: Scope, error: Forbidden) -> None:
        if scope not in self._left_out:
            log.error("namespace %s is left out until its Role allows it: %s", scope[1], error)
        self._left_out.add(scope)
        self._listed_at.pop(scope, None)
        self._begins(scope)

    async def _list(self, scope: Scope) -> None:
        """Takes in a live list, and enqueues what differs from what the cache had."""
        kind, namespace = scope
        before = {key: self._cache.get(*key) for key in self._known(scope)}
        items, version = await self._client.list(
            kind, label_selector=label_selector(kind), namespace=namespace, keep=partial(kept, self._cache)
        )
        for key in self._cache.replace(kind, items, version, namespace):
            item = self._cache.get(*key) or before.get(key)
            if item is not None and INCOMPLETE not in item:
                self._enqueue(item)
        self._listed_at[scope] = version
        self._left_out.discard(scope)

    def _begins(self, scope: Scope) -> None:
        self._awaited.discard(scope)
        if not self._awaited:
            self._all_begun.set()

    def _known(self, scope: Scope) -> set[Key]:
        kind, namespace = scope
        return {key for key in self._cache.keys(kind) if namespace in (None, key.namespace)}

    def _seen(self, item: dict[str, Any]) -> None:
        key = Key(item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])
        for scope in ((key.kind, None), (key.kind, key.namespace)):
            self._unseen.get(scope, set()).discard(key)

    def _enqueue(self, item: dict[str, Any]) -> None:
        owner = tfmodel_of(item) if self._leads else None
        if owner is not None:
            self._queue.add(owner)

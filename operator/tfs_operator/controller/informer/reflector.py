"""Watches children and pods.

kopf, which watches TFModels, keeps a task, a queue and notes for each object that it hears of: with five children a
TFModel that took more memory than all else, and a fifth of the CPU time (docs/design/kopf.md).

A list says where its watch begins, so nothing is listed twice and nothing can be missed between the two.
"""

import asyncio
import logging

from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.errors import ClusterError, Gone
from tfs_operator.cluster.watch_events import BOOKMARK
from tfs_operator.controller.informer.informer import Informer
from tfs_operator.controller.informer.throttle import Throttle
from tfs_operator.controller.kinds import Scope, label_selector

LEFT_OUT_SECONDS = 5.0
"""How soon a namespace that our Role leaves out is looked at again."""

log = logging.getLogger(__name__)


class Reflector:
    """Watches for ever, whatever the API server answers; a watch that ends too soon is repeated ever more slowly."""

    def __init__(self, client: ClusterClient, informer: Informer, throttle: Throttle | None = None) -> None:
        self._client = client
        self._informer = informer
        self._throttle = throttle or Throttle()
        self._failing: set[Scope] = set()

    async def follow(self, scope: Scope) -> None:
        """Watches from where the informer has listed the scope; from a new list when that is too long ago."""
        version = self._informer.listed_at(scope)
        while True:
            await self._throttle.pause(scope)
            try:
                version = version or await self._informer.relist(scope)
                if version:
                    version = await self._watch(scope, version)
                else:
                    await asyncio.sleep(LEFT_OUT_SECONDS)
            except ClusterError as error:
                await self._failed(scope, error)

    async def _watch(self, scope: Scope, version: str) -> str | None:
        """Until the watch ends or fails; the version to go on from, if there is one."""
        kind, namespace = scope
        selector = label_selector(kind)
        try:
            async with self._client.watch(kind, version, label_selector=selector, namespace=namespace) as events:
                self._failing.discard(scope)
                self._informer.watching(scope)
                async for event in events:
                    version = event.version
                    if event.type != BOOKMARK:
                        self._informer.ingest(event.type, {**event.object, "kind": kind})
        except Gone:
            return None
        except ClusterError as error:
            await self._failed(scope, error)
        return version

    async def _failed(self, scope: Scope, error: ClusterError) -> None:
        """Logs the first failure in a row."""
        if scope not in self._failing:
            log.warning("watching %s: %s; trying again", scope[0], error)
        self._failing.add(scope)
        await asyncio.sleep(getattr(error, "retry_after", 0.0))

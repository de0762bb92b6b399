"""Reads the ConfigMap that rollout.verify names: this one object, again every few seconds while passes ask for it.

A watch would need a connection for each TFModel, or the ConfigMaps of all namespaces in memory. It is not a child, so
the cache does not have it.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from tfs_operator.api.verify import RequestsConfigMap
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.errors import ClusterError
from tfs_operator.domain.backoff import delay
from tfs_operator.domain.verification import Stored

log = logging.getLogger(__name__)

AGE_SECONDS = 10.0
"""How old what was read may be."""
_FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 2.0, 60.0
_PATIENCE_SECONDS = 1.0
_NOT_READ = Stored(problem="was not read yet")

Name = tuple[str, RequestsConfigMap]
"""A namespace, and the ConfigMap in it with its key."""


class StoredRequests:
    """Remembers the content of one ConfigMap. `wake` is called when it has changed."""

    def __init__(
        self, client: ClusterClient, wake: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._wake = wake
        self._clock = clock
        self._name: Name | None = None
        self._task: asyncio.Task[None] | None = None
        self._forget()

    def close(self) -> None:
        """Cancels a read that is under way."""
        if self._task is not None:
            self._task.cancel()
        self._task = None

    async def read(self, namespace: str, config_map: RequestsConfigMap | None) -> Stored | None:
        """Returns what was read last; None where none is named. Waits for the first read, but not for long."""
        name = None if config_map is None else (namespace, config_map)
        if name != self._name:
            self.close()
            self._name = name
            self._forget()
        if name is None:
            return None
        if self._clock() >= self._due_at and (self._task is None or self._task.done()):
            self._begin(name)
        if self._last is _NOT_READ and self._task is not None:
            await asyncio.wait([self._task], timeout=_PATIENCE_SECONDS)
        return self._last

    def _forget(self) -> None:
        self._last = _NOT_READ
        self._due_at = 0.0
        self._failures = 0

    def _begin(self, name: Name) -> None:
        if self._task is not None:
            self._task.result()  # raises what is unexpected
        self._task = asyncio.create_task(self._refresh(name))

    async def _refresh(self, name: Name) -> None:
        """What was read stays while the API server cannot be used: it is tried again with back-off."""
        before = self._last
        try:
            self._last = await self._stored(*name)
            self._failures, pause = 0, AGE_SECONDS
        except ClusterError as error:
            self._failures += 1
            pause = delay(self._failures, _FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS)
            if self._failures == 1:
                log.warning("ConfigMap %s/%s cannot be read: %s; trying again", name[0], name[1].name, error)
            if before.problem:
                self._last = Stored(problem=f"cannot be read: {error}")
        self._due_at = self._clock() + pause
        if self._last != before:
            self._wake()

    async def _stored(self, namespace: str, config_map: RequestsConfigMap) -> Stored:
        live = await self._client.get("ConfigMap", namespace, config_map.name)
        if live is None:
            return Stored(problem=f"does not exist in namespace {namespace}: create it, or remove the field")
        data = live.get("data") or {}
        if config_map.key not in data:
            named = ", ".join(sorted(data)) or "none"
            return Stored(problem=f"has no key {config_map.key}: add it, or name another in key; there is {named}")
        return Stored(data[config_map.key])

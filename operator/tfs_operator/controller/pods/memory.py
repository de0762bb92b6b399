"""Reads how much memory model servers use, from the cluster's resource metrics API: one request a minute, for all.

Source: https://github.com/kubernetes/metrics, pkg/apis/metrics/v1beta1/types.go. The figure is the working set, by
which the kubelet judges a container too. metrics-server has a new one every 15 s.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tfs_operator.api.manifest import Manifest
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.errors import ClusterError, NotFound
from tfs_operator.domain.drift import quantity
from tfs_operator.domain.pods import SERVER_CONTAINER
from tfs_operator.render.metadata import APPLICATION, MANAGED_BY, MANAGED_BY_LABEL, NAME_LABEL

log = logging.getLogger(__name__)

READ_SECONDS = 60.0
KEPT_SECONDS = 300.0
"""How long a reading counts while no newer one comes."""

_MOST_BYTES = 2**60
_LOOK_SECONDS = 5.0
"""How soon it is noticed that readings are wanted."""

_OURS = f"{NAME_LABEL}={APPLICATION},{MANAGED_BY_LABEL}={MANAGED_BY}"
_NO_API = "the cluster has no resource metrics API (metrics.k8s.io): install metrics-server"

Pod = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True)
class _Reading:
    bytes: int
    read_at: float


class MemoryReader:
    """Keeps the last readings of all pods. `wanted` tells whether any TFModel asks for them; `namespaces` are those
    that are served, all where it is empty."""

    def __init__(
        self,
        client: ClusterClient,
        wanted: Callable[[], bool],
        namespaces: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._wanted = wanted
        self._namespaces: Sequence[str | None] = namespaces or (None,)
        self._clock = clock
        self._readings: dict[Pod, _Reading] = {}
        self._due = 0.0
        self.problem = ""
        """Why the last reading failed; empty where it did not, or none was made."""

    def of(self, namespace: str, pod: str) -> int | None:
        """Returns the bytes that a pod's model server uses; None where that is not known."""
        found = self._readings.get((namespace, pod))
        return found.bytes if found and self._clock() - found.read_at < KEPT_SECONDS else None

    async def run(self) -> None:
        """Reads for ever, while it is wanted."""
        while True:
            if self._clock() >= self._due and self._wanted():
                self._due = self._clock() + READ_SECONDS
                await self.read()
            await asyncio.sleep(_LOOK_SECONDS)

    async def read(self) -> None:
        """Makes one reading."""
        try:
            items = [item for namespace in self._namespaces for item in await self._list(namespace)]
        except ClusterError as error:
            self._failed(_NO_API if isinstance(error, NotFound) else f"the resource metrics API fails: {error}")
            return
        read_at = self._clock()
        try:
            readings = {_pod(item): _Reading(used, read_at) for item in items if (used := _used(item)) is not None}
        except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
            self._failed(f"the resource metrics API answers with what is no reading: {error!r}")
            return
        self.problem = ""
        self._readings = readings

    async def _list(self, namespace: str | None) -> Sequence[Manifest]:
        return await self._client.pod_metrics(label_selector=_OURS, namespace=namespace)

    def _failed(self, problem: str) -> None:
        if problem != self.problem:
            log.warning("server.recycle.memoryPercent: %s", problem)
        self.problem = problem


def _pod(item: Manifest) -> Pod:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _used(item: Manifest) -> int | None:
    """Bytes of the model server's container; None where the item has none. Raises ValueError for a number that cannot
    be."""
    for container in item.get("containers") or ():
        if container.get("name") == SERVER_CONTAINER and "memory" in (container.get("usage") or {}):
            used = quantity(container["usage"]["memory"])
            if not 0 <= used < _MOST_BYTES:
                raise ValueError("a memory of more bytes than there are")
            return int(used)
    return None

"""The fetcher of one pod: a BasePathSync for each base path, their orders and their reports."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tfs_operator.domain.fetch_protocol import FetchOrder, FetchPlan, ModelReport, ModelSource
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteVersion, Source
from tfs_operator.fetcher.sync.base_path_sync import BasePathSync, Shared
from tfs_operator.fetcher.volume.record import Origin
from tfs_operator.fetcher.volume.shared_claims import Claims, SharedClaims, SoleOwner
from tfs_operator.fetcher.volume.staging import VersionFolders

log = logging.getLogger(__name__)

FETCHES_AT_ONCE = 2
"""Base paths that fetch at the same time. One fetch can fill the network; the second is for when it waits for its
store. Memory is bounded by it."""

OpenSource = Callable[[str, Path], Source]
"""A URI, and a hidden folder for what its store has to keep; see uri.open_source."""


class PodFetcher:
    """Fetches the models of one pod. `pod` is its name where the base paths are shared with others, else None."""

    def __init__(self, plan: FetchPlan, open_source: OpenSource, shared: Shared, pod: str | None = None) -> None:
        self._syncs = {
            name: sync
            for sources in _by_base_path(plan.sources)
            for sync in [_base_path_sync(sources, open_source, shared, pod)]
            for name in sync.names
        }
        self.order(plan.order)

    def order(self, order: FetchOrder) -> None:
        """Passes an order on. Models that this pod does not have are left out: the order may be for pods of another
        revision."""
        for name, model_order in order.models.items():
            if name in self._syncs:
                self._syncs[name].order(name, model_order, order.poll_interval_seconds)

    def reports(self) -> dict[str, ModelReport]:
        return {name: sync.report(name) for name, sync in self._syncs.items()}

    def fetched(self, name: str) -> frozenset[int] | None:
        """Returns the versions of a model that are in place; None for one that is not fetched."""
        return self._syncs[name].fetched if name in self._syncs else None

    def started(self) -> bool:
        """Whether a model server can start with what is there."""
        return all(sync.started() for sync in self._syncs.values())

    async def run(self) -> None:
        """Runs for ever, where anything is fetched."""
        async with asyncio.TaskGroup() as group:
            for sync in set(self._syncs.values()):
                group.create_task(sync.run())


def _by_base_path(sources: Iterable[ModelSource]) -> list[list[ModelSource]]:
    grouped: dict[str, list[ModelSource]] = {}
    for source in sources:
        grouped.setdefault(source.base_path, []).append(source)
    return list(grouped.values())


class InvalidSource:
    """Stands in for a source whose URI is not valid: an error like any other, and the other models are served."""

    publishes_at_once = True

    def __init__(self, uri: str, error: FetchError) -> None:
        self.uri = uri
        self._error = error

    async def versions(self) -> Mapping[int, RemoteVersion]:
        raise self._error

    async def download(self, version: RemoteVersion, into: Path, progress: Progress) -> None:
        raise self._error

    async def close(self) -> None: ...


def _opened(uri: str, work: Path, open_source: OpenSource) -> Source:
    try:
        return open_source(uri, work)
    except FetchError as error:
        return InvalidSource(uri, error)


def _base_path_sync(
    sources: list[ModelSource], open_source: OpenSource, shared: Shared, pod: str | None
) -> BasePathSync:
    base = Path(sources[0].base_path)
    folders = VersionFolders(base, pod or "", Origin(sources[0].uri, sources[0].store))
    claims: Claims = SharedClaims(base, pod) if pod else SoleOwner()
    names = tuple(source.name for source in sources)
    return BasePathSync(names, _opened(sources[0].uri, folders.work, open_source), folders, claims, shared)

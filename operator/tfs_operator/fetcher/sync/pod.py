"""The fetcher of one pod: a keeper for each base path, the orders that they get, the report that they give."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tfs_operator.domain.fetch_protocol import FetchOrder, FetchPlan, FetchReport, ModelSource
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteVersion, Source
from tfs_operator.fetcher.sync.base_path_sync import Keeper, Surroundings
from tfs_operator.fetcher.volume.shared_claims import Alone, Shared, Sharing
from tfs_operator.fetcher.volume.staging import VersionFolders

log = logging.getLogger(__name__)

FETCHES_AT_ONCE = 2
"""Base paths that fetch at the same time. One fetch can fill the network; the second is for when it waits for its
store. Memory is bounded by it."""
MAX_BEAT_AGE_SECONDS = 30.0

OpenSource = Callable[[str, Path], Source]
"""A URI, and a hidden folder for what its store has to keep; see uri.open_source."""


@dataclass
class Health:
    """The event loop's own sign of life."""

    clock: Callable[[], float] = time.monotonic
    last_beat: float = field(init=False)

    def __post_init__(self) -> None:
        self.beat()

    def beat(self) -> None:
        self.last_beat = self.clock()

    @property
    def age(self) -> float:
        return self.clock() - self.last_beat


class PodFetcher:
    """`pod` is the pod's name where its base paths are shared with others, else None."""

    def __init__(self, plan: FetchPlan, open_source: OpenSource, around: Surroundings, pod: str | None = None) -> None:
        self.health = Health()
        self._was_ready = False
        self._keepers = {
            name: keeper
            for sources in _by_base_path(plan.sources)
            for keeper in [_keeper(sources, open_source, around, pod)]
            for name in keeper.names
        }
        self.order(plan.order)

    def order(self, order: FetchOrder) -> None:
        """Models that this pod does not have are left out: the order may be for pods of another revision."""
        for name, wanted in order.models.items():
            if name in self._keepers:
                self._keepers[name].order(name, wanted, order.poll_interval_seconds)

    def report(self) -> FetchReport:
        models = {name: keeper.report(name) for name, keeper in self._keepers.items()}
        return FetchReport(models=models, ready=self._all_started())

    def ready(self) -> bool:
        """Holds back the model server's start, and nothing after: once True it stays so."""
        self._was_ready = self._was_ready or self._all_started()
        return self._was_ready

    def complete(self) -> bool:
        """Everything that is ordered is there."""
        return all(keeper.complete() for keeper in self._keepers.values())

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat())
            for keeper in set(self._keepers.values()):
                group.create_task(keeper.run())

    def _all_started(self) -> bool:
        return all(keeper.started() for keeper in self._keepers.values())

    async def _beat(self) -> None:
        while True:
            self.health.beat()
            await asyncio.sleep(1.0)


def _by_base_path(sources: Iterable[ModelSource]) -> list[list[ModelSource]]:
    grouped: dict[str, list[ModelSource]] = {}
    for source in sources:
        grouped.setdefault(source.base_path, []).append(source)
    return list(grouped.values())


class Refused:
    """In the place of a source whose URI makes no sense: an error like any other, and the other models are served."""

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
        return Refused(uri, error)


def _keeper(sources: list[ModelSource], open_source: OpenSource, around: Surroundings, pod: str | None) -> Keeper:
    base = Path(sources[0].base_path)
    folders = VersionFolders(base, pod or "")
    sharing: Sharing = Shared(base, pod) if pod else Alone()
    names = tuple(source.name for source in sources)
    return Keeper(names, _opened(sources[0].uri, folders.work, open_source), folders, sharing, around)

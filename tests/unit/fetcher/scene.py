"""A BasePathSync at work between a store that is a folder, a base path, and a model server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from testing.models.folder_source import FolderSource, content
from testing.waiting import DEADLINE_SECONDS, eventually_async
from tests.unit.fetcher.status_server import StatusServer, running_status_server
from tfs_operator.domain.fetch_protocol import FetchState, ModelOrder, ModelReport, VersionReport, VersionSet
from tfs_operator.fetcher.metrics import FetcherMetrics
from tfs_operator.fetcher.model_server.client import ModelServerClient
from tfs_operator.fetcher.sync.base_path_sync import BasePathSync, Shared
from tfs_operator.fetcher.volume.record import Origin
from tfs_operator.fetcher.volume.shared_claims import SharedClaims, SoleOwner
from tfs_operator.fetcher.volume.staging import VersionFolders

NAME = "mnist"


@dataclass
class Scene:
    store: Path
    base: Path
    source: FolderSource
    server: StatusServer
    sync: BasePathSync

    def order(
        self,
        *versions: int,
        hold: VersionSet | None = None,
        unfit: tuple[int, ...] = (),
        poll: float = 0.1,
        **policy: int | bool,
    ) -> None:
        """`latest=1` and the like are for the start, as `versions` are."""
        start = VersionSet.model_validate({"versions": versions, **policy})
        self.sync.order(NAME, ModelOrder(start=start, hold=hold or VersionSet(), unfit=unfit), poll)

    @property
    def report(self) -> ModelReport:
        return self.sync.report(NAME)

    def visible(self) -> list[str]:
        return sorted(path.name for path in self.base.iterdir() if not path.name.startswith("."))

    def hidden(self) -> list[str]:
        return sorted(path.name for path in self.base.iterdir() if path.name.startswith("."))

    def version(self, number: int) -> VersionReport:
        report = self.report.version(number)
        assert report, f"version {number} is not in {self.report}"
        return report

    async def until_fetched(self, *numbers: int) -> None:
        def fetched() -> bool:
            reports = [self.report.version(number) for number in numbers]
            return all(report and report.state is FetchState.FETCHED for report in reports)

        await eventually(fetched, lambda: self.report)

    async def until_visible(self, *numbers: int) -> None:
        await eventually(lambda: self.visible() == [str(number) for number in numbers], self.visible)

    async def after_a_removal_could_have_been(self) -> None:
        """A pass that asks the server ends before the next one asks."""
        asked = self.server.asked
        await eventually(lambda: self.server.asked >= asked + 2)

    def same(self, number: int) -> bool:
        """Whether what the server sees is what the store has."""
        return content(self.base / str(number)) == content(self.store / str(number))


@asynccontextmanager
async def running_sync(
    folder: Path, *, pod: str = "", base: Path | None = None, origin: Origin | None = None
) -> AsyncIterator[Scene]:
    """`folder` gets `store` and `base`, or has them already."""
    store, base = folder / "store", base or folder / "base"
    for made in (store, base):
        made.mkdir(exist_ok=True, parents=True)
    async with aiohttp.ClientSession() as session, running_status_server() as server:
        shared = Shared(ModelServerClient(server.url, session), asyncio.Semaphore(2), FetcherMetrics())
        source = FolderSource(store)
        claims = SharedClaims(base, pod) if pod else SoleOwner()
        sync = BasePathSync((NAME,), source, VersionFolders(base, pod, origin), claims, shared)
        task = asyncio.create_task(sync.run())
        try:
            yield Scene(store, base, source, server, sync)
        finally:
            task.cancel()
            await asyncio.wait({task})


async def eventually(
    holds: Callable[[], object], explain: Callable[[], object] | None = None, seconds: float = DEADLINE_SECONDS
) -> None:
    await eventually_async(holds, seconds, explain)

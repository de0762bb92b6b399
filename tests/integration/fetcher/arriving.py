"""One source and the folder that its versions arrive in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from testing.models.packing import tree
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import Source
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.uri import open_source


@dataclass
class Arriving:
    source: Source
    folder: Path

    async def fetched(self, number: int) -> dict[str, bytes]:
        """Lists, and brings one version; its files by path."""
        into = self.folder / f"into-{number}"
        into.mkdir(exist_ok=True)
        versions = await self.source.versions()
        await self.source.download(versions[number], into, Progress(0))
        return {path: data for path, data in tree(into).items() if path != ".transfer"}


@asynccontextmanager
async def arriving(uri: str, storage: StoreAccess, folder: Path) -> AsyncIterator[Arriving]:
    source = open_source(uri, storage, folder / "work")
    try:
        yield Arriving(source, folder)
    finally:
        await source.close()

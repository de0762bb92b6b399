"""A web server, and sources that fetch from it."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from testing.models.packing import tree
from testing.waiting import eventually_async
from tests.unit.fetcher.web_server import WebServer
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import Source
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.uri import open_source

ANYONE = StoreAccess()


def secret(folder: Path, **keys: str) -> StoreAccess:
    """With a Secret that is called `web`."""
    folder.mkdir()
    for key, value in keys.items():
        (folder / key).write_text(value)
    return StoreAccess(credentials=folder, secret_name="web")


class Site:
    """A server, and sources of it that are closed at the end."""

    def __init__(self, server: WebServer, folder: Path, stack: AsyncExitStack) -> None:
        self.server = server
        self.folder = folder
        self._stack = stack

    def archive(self, path: str, storage: StoreAccess = ANYONE) -> Source:
        return self.open(self.server.url + path, storage)

    def open(self, uri: str, storage: StoreAccess = ANYONE) -> Source:
        source = open_source(uri, storage, self.folder / "work")
        self._stack.push_async_callback(source.close)
        return source

    async def download(self, source: Source, number: int) -> dict[str, bytes]:
        into = self.folder / f"into-{number}"
        into.mkdir(exist_ok=True)
        await source.download((await source.versions())[number], into, Progress(0))
        return tree(into)

    def resumed(self, path: str) -> bool:
        """Whether the last request for `path` asked for its rest only. How much that is depends on the network: what a
        cut connection had in its buffers is lost."""
        last = [request for request in self.server.gets() if request.path == path][-1]
        return bool(last.http_range.start)

    def kept(self) -> list[str]:
        """What is in the work folder besides catalogues."""
        work = self.folder / "work"
        return [path.name for path in work.iterdir() if path.suffix != ".json"] if work.exists() else []

    def drop_archives(self) -> None:
        """As it happens some minutes after their last use."""
        for name in self.kept():
            (self.folder / "work" / name).unlink()

    def has_noted(self, count: int) -> bool:
        """Whether the journal says that so many bytes have arrived."""
        return any(f",{count}]\n" in path.read_text() for path in (self.folder / "work").rglob(".transfer"))


async def until(condition: Callable[[], bool]) -> None:
    await eventually_async(condition, interval=0.005)

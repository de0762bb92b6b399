"""A store that is a local folder: a second implementation of Source, small enough to see that it is right."""

import hashlib
import itertools
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from testing.models.graph_files import saved_model
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion


class FolderSource:
    """`problem` is raised by every list call while it is set; `on_listing` runs at the beginning of each, and `on_file`
    before each file is copied. With `publishes_at_once` unset it is a store to which files come one after another,
    and which has no times."""

    def __init__(self, store: Path) -> None:
        self.uri = f"folder://{store.name}"
        self.store = store
        self.problem: FetchError | None = None
        self.publishes_at_once = True
        self.listings = 0
        self.copied: list[str] = []
        self.on_listing: Callable[[], None] | None = None
        self.on_file: Callable[[str], Awaitable[None]] | None = None

    async def versions(self) -> Mapping[int, RemoteVersion]:
        self.listings += 1
        if self.on_listing:
            self.on_listing()
        if self.problem:
            raise self.problem
        found = {int(path.name): listed(path) for path in self.store.iterdir() if path.name.isdecimal()}
        if not found:
            raise FetchError(Reason.NO_VERSIONS, f"{self.uri}: has no folder with a number for a name")
        return found

    async def download(self, version: RemoteVersion, into: Path, progress: Progress) -> None:
        for file in version.files:
            if self.on_file:
                await self.on_file(f"{version.folder}/{file.path}")
            self._copy(version, file, into / file.path)
            progress.add(file.size)

    async def close(self) -> None:
        self.problem = FetchError(Reason.STORE_UNREACHABLE, "closed")

    def _copy(self, version: RemoteVersion, file: RemoteFile, to: Path) -> None:
        content = (self.store / version.folder / file.path).read_bytes()
        if hashlib.sha256(content).hexdigest() != file.etag:
            raise FetchError(Reason.VERSION_CHANGED, f"{self.uri}: version {version.number}: {file.path} changed")
        if not to.exists() or to.read_bytes() != content:
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(content)
            self.copied.append(f"{version.folder}/{file.path}")


def listed(folder: Path) -> RemoteVersion:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = (
        RemoteFile(str(p.relative_to(folder)), p.stat().st_size, hashlib.sha256(p.read_bytes()).hexdigest())
        for p in paths
    )
    return RemoteVersion(int(folder.name), folder.name, tuple(files))


_contents = itertools.count()


def publish(store: Path, *numbers: int) -> None:
    """Versions with a graph and no variables, each with content of its own."""
    for number in numbers:
        write(store / str(number), {"saved_model.pb": graph(), "assets/words.txt": "a b c"})


def graph() -> bytes:
    """A graph without variables, of other bytes each time."""
    return saved_model(mark=str(next(_contents)))


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)


def content(folder: Path) -> dict[str, bytes]:
    """Every file that is not hidden, by its path."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}

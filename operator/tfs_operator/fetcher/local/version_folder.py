"""Looks at the folder of one version on a volume: is it a whole SavedModel, and does it rest?"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tfs_operator.domain.fetch_protocol import FetchProblem, LocalFolder
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion
from tfs_operator.fetcher.saved_model.checks import GRAPHS, INDEX, check_content
from tfs_operator.fetcher.saved_model.folder_problems import no_folder, path_problem

REST_SECONDS = 10.0
"""What has not been changed for so long is not being written, by the volume's own times."""

_MARKED = (".", *GRAPHS, "assets", "variables", INDEX)

Mark = tuple[tuple[int, int, int] | None, ...]
"""Inode, size and time of change (ns) of what changes with any of a SavedModel's files that matter."""

_Change = tuple[str, int, int]
"""Path, size and time of change (ns) of one file."""


@dataclass(frozen=True)
class VersionFolder:
    """One version as one look shows it. `is_written`: it is being written, so what it lacks is on its way."""

    number: int
    mark: Mark
    files: tuple[_Change, ...] = ()
    problem: FetchProblem | None = None
    is_written: bool = False

    @property
    def is_whole(self) -> bool:
        return self.problem is None and not self.is_written

    @property
    def bytes(self) -> int:
        return sum(size for _, size, _ in self.files)

    @cached_property
    def content(self) -> str:
        """Returns a short hash by which it is told from the version with other files under its number."""
        return hashlib.sha256(repr(self.files).encode(errors="surrogatepass")).hexdigest()[:16]


def look_at(folder: LocalFolder, number: int, name: str, before: VersionFolder | None, now: float) -> VersionFolder:
    """Returns the version `number`, whose folder is `name`. `before` is the last look at it, which is all that a whole
    version costs again while nothing changes; `now` in seconds since the epoch. Raises FileNotFoundError where it
    is gone."""
    path = Path(folder.base_path, name)
    mark = _mark(path)
    if before is not None and before.is_whole and before.mark == mark:
        return before
    if not path.is_dir():
        path.lstat()
        return VersionFolder(number, mark, problem=no_folder(folder, number, name))
    try:
        files = tuple(sorted(_files(path)))
    except PermissionError as error:
        closed = path_problem(f"{folder.uri}: version {number}", Path(error.filename or path), error)
        return VersionFolder(number, mark, problem=closed)
    if _is_written(files, before, now):
        return VersionFolder(number, mark, files, is_written=True)
    return VersionFolder(number, mark, files, _content_problem(folder, number, path, files))


def _content_problem(folder: LocalFolder, number: int, path: Path, files: tuple[_Change, ...]) -> FetchProblem | None:
    version = RemoteVersion(number, path.name, tuple(RemoteFile(name, size) for name, size, _ in files))
    try:
        check_content(folder.uri, version, path)
    except FetchError as error:
        return FetchProblem(reason=error.reason, message=error.message)
    except PermissionError as error:
        return path_problem(f"{folder.uri}: version {number}", Path(error.filename or path), error)
    return None


def _is_written(files: tuple[_Change, ...], before: VersionFolder | None, now: float) -> bool:
    """A listing does not show what is still to come: a version rests once two looks in a row see the same, or once it
    has not been changed for a while."""
    if before is not None and before.files == files:
        return False
    return any(changed / 1e9 >= now - REST_SECONDS for _, _, changed in files)


def _files(path: Path) -> Iterator[_Change]:
    """The plain files below, also behind links, which a model server follows too."""
    pending, seen = [("", path)], set[tuple[int, int]]()
    while pending:
        prefix, folder = pending.pop()
        found = folder.stat()
        if (found.st_dev, found.st_ino) in seen:  # a link leads in a circle
            continue
        seen.add((found.st_dev, found.st_ino))
        for entry in list(os.scandir(folder)):
            if entry.is_dir():
                pending.append((f"{prefix}{entry.name}/", Path(entry.path)))
            elif entry.is_file():
                file = entry.stat()
                yield f"{prefix}{entry.name}", file.st_size, file.st_ctime_ns


def _mark(path: Path) -> Mark:
    return tuple(_mark_of(path / part) for part in _MARKED)


def _mark_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    size = 0 if stat.S_ISDIR(found.st_mode) else found.st_size
    return found.st_ino, size, found.st_ctime_ns

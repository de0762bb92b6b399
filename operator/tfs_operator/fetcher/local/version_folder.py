"""Looks at the folder of one version on a volume: is it a whole SavedModel, and does it rest?"""

import hashlib
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfs_operator.api.base import MAX_INT64
from tfs_operator.domain.fetch_protocol import FetchProblem, LocalFolder
from tfs_operator.fetcher.core.errors import FetchError, ListingRefused
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion
from tfs_operator.fetcher.saved_model.checks import GRAPHS, INDEX, check_content
from tfs_operator.fetcher.saved_model.folder_problems import no_folder, path_problem
from tfs_operator.fetcher.saved_model.listing_budget import ListingBudget, entries_in

REST_SECONDS = 10.0
"""What has not been changed for so long is not being written, by the volume's own times."""

MAX_FILES = 50_000
MAX_NAME_BYTES = 8 * 1024**2
"""Of one version, while it is looked at. A SavedModel has tens of files."""

REFUSED_SECONDS = 60.0
"""A folder with more than that is not looked through again before."""

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
    content: str = ""
    """A short hash by which it is told from the version with other files under its number."""

    bytes: int = 0
    problem: FetchProblem | None = None
    is_written: bool = False
    refused_until: float = 0.0
    """In seconds since the epoch; of a folder that has too much in it."""

    @property
    def is_whole(self) -> bool:
        return self.problem is None and not self.is_written


def look_at(folder: LocalFolder, number: int, name: str, before: VersionFolder | None, now: float) -> VersionFolder:
    """Returns the version `number`, whose folder is `name`. `before` is the last look at it, which is all that a whole
    version costs again while nothing changes; `now` in seconds since the epoch. Raises FileNotFoundError where it
    is gone."""
    path = Path(folder.base_path, name)
    mark = _mark(path)
    if before is not None and before.mark == mark and (before.is_whole or now < before.refused_until):
        return before
    if not path.is_dir():
        path.lstat()
        return VersionFolder(number, mark, problem=no_folder(folder, number, name))
    what = f"{folder.uri}: version {number}"
    try:
        files = tuple(sorted(_files(what, path)))
    except ListingRefused as error:
        problem = FetchProblem(reason=error.reason, message=error.message)
        return VersionFolder(number, mark, problem=problem, refused_until=now + REFUSED_SECONDS)
    except PermissionError as error:
        return VersionFolder(number, mark, problem=path_problem(what, Path(error.filename or path), error))
    content, size = _content(files), min(sum(size for _, size, _ in files), MAX_INT64)
    if _is_written(files, content, before, now):
        return VersionFolder(number, mark, content, size, is_written=True)
    return VersionFolder(number, mark, content, size, _content_problem(folder, number, path, files))


def _content(files: tuple[_Change, ...]) -> str:
    return hashlib.sha256(repr(files).encode(errors="surrogatepass")).hexdigest()[:16]


def _content_problem(folder: LocalFolder, number: int, path: Path, files: tuple[_Change, ...]) -> FetchProblem | None:
    version = RemoteVersion(number, path.name, tuple(RemoteFile(name, size) for name, size, _ in files))
    try:
        check_content(folder.uri, version, path)
    except FetchError as error:
        return FetchProblem(reason=error.reason, message=error.message)
    except PermissionError as error:
        return path_problem(f"{folder.uri}: version {number}", Path(error.filename or path), error)
    return None


def _is_written(files: tuple[_Change, ...], content: str, before: VersionFolder | None, now: float) -> bool:
    """A listing does not show what is still to come: a version rests once two looks in a row see the same, or once it
    has not been changed for a while."""
    if before is not None and before.content == content:
        return False
    return any(changed / 1e9 >= now - REST_SECONDS for _, _, changed in files)


def _files(what: str, path: Path) -> Iterator[_Change]:
    """The plain files below, also behind links, which a model server follows too. Raises ListingRefused."""
    advice = "a SavedModel has tens: remove what is not of it"
    budget = ListingBudget(what, files=MAX_FILES, entries=MAX_FILES, name_bytes=MAX_NAME_BYTES, advice=advice)
    pending, seen = [("", path)], set[tuple[int, int]]()
    while pending:
        prefix, folder = pending.pop()
        found = folder.stat()
        if (found.st_dev, found.st_ino) in seen:  # a link leads in a circle
            continue
        seen.add((found.st_dev, found.st_ino))
        for entry in entries_in(folder, budget):
            budget.keep(prefix, entry.name)
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

"""Finds the versions in a flat listing of objects: keys in, versions out."""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from tfs_operator.api.base import MAX_INT64
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchProblem
from tfs_operator.domain.foreign_text import one_line
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.hidden_files import HOLDERS, JOURNAL, RECORD
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion
from tfs_operator.fetcher.saved_model.listing_budget import ListingBudget

MAX_FILES = 200_000
"""Of all versions together; some 80 MiB of memory, twice while a listing is read. A SavedModel has tens."""

MAX_VERSION_FILES = 50_000
"""Of one version: each has a line in the version's record, which is read as a whole."""

_SHOWN = 5
_LONGEST_SHOWN, _LONGEST_PATH_SHOWN = 100, 300
_MAX_DEPTH = 64
_MAX_PATH_BYTES = 3000
"""What Linux takes is 4096, with the base path."""

_MARKERS = frozenset({"assets", "assets.extra", "variables", "debug"})
"""Folders of a SavedModel that may be empty, and that some tools keep as an object without content."""

logger = logging.getLogger(__name__)


def version_number(name: str) -> int | None:
    """Returns the version that TensorFlow Serving takes a folder's name for: `1`, also `001`; None for any other
    name."""
    if not re.fullmatch("[0-9]{1,64}", name) or int(name) > MAX_INT64:
        return None
    return int(name)


def unsafe(path: str) -> str | None:
    """Returns why a file of this relative path must not be made, or None. A store's key is any string; a path is
    not."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "has an empty part, '.' or '..'"
    if any(character in path for character in "\\\0\n\r"):
        return "has a backslash, NUL or line break"
    if any("\ud800" <= character <= "\udfff" for character in path):
        return "is no UTF-8"
    if path == JOURNAL or HOLDERS in parts or RECORD in parts[1:]:
        return "has the name of the fetcher's own record"
    if max(len(part.encode()) for part in parts) > 255:
        return "has a part of more than 255 bytes"
    if len(path.encode()) > _MAX_PATH_BYTES or len(parts) > _MAX_DEPTH:
        return f"has more than {_MAX_PATH_BYTES} bytes, or more than {_MAX_DEPTH} parts"
    return None


@dataclass
class VersionListing:
    """Collects what is listed below the base path `uri`. Keeps only what lies in folders with a number for a name,
    so that memory does not grow with what else is in the bucket."""

    uri: str
    budget: ListingBudget | None = None
    """How much is taken; MAX_FILES files by default."""

    _folders: dict[str, dict[str, RemoteFile]] = field(default_factory=dict)
    _plain_files: dict[str, int] = field(default_factory=dict)
    _others: list[str] = field(default_factory=list)
    _objects: int = 0
    _bytes: int = 0
    _twins: int = 0
    _budget: ListingBudget = field(init=False)

    def __post_init__(self) -> None:
        self._budget = self.budget or ListingBudget(self.uri, files=MAX_FILES)

    def add(self, path: str, size: int, etag: str, sha256: str = "", modified: float | None = None) -> None:
        """Takes one object; `path` is relative to the base path, `modified` as in RemoteFile. Raises ListingRefused
        where there is too much."""
        self._objects += 1
        self._budget.look()
        folder, slash, rest = path.partition("/")
        if version_number(folder) is None:
            self._remember_other(folder)
        elif not slash:
            self._budget.keep(folder)
            self._plain_files[folder] = size
        else:
            self._budget.keep(rest, etag, sha256)
            self._keep(folder, RemoteFile(rest, size, etag, sha256, modified))

    def versions(self) -> dict[int, RemoteVersion]:
        """Returns the versions, by number. Raises FetchError(NO_VERSIONS) where there is none."""
        chosen: dict[int, RemoteVersion] = {}
        self._budget.check_versions(len(self._folders) + len(self._plain_files))
        for name in sorted({*self._folders, *self._plain_files}):
            version = self._version(name)
            chosen[version.number] = self._of_two(chosen.get(version.number), version)
        if not chosen:
            raise FetchError(Reason.NO_VERSIONS, f"{self.uri}: {self._why_none()}", retry=False)
        return chosen

    def _keep(self, folder: str, file: RemoteFile) -> None:
        self._bytes += file.size
        if file.size < 0 or self._bytes > MAX_INT64:
            message = f"{self.uri}: {folder}/{file.path} claims a size of {file.size} bytes"
            raise FetchError(Reason.STORE_ERROR, message)
        self._folders.setdefault(folder, {})[file.path] = file

    def _remember_other(self, folder: str) -> None:
        if len(self._others) == _SHOWN:
            return
        shown = one_line(folder, _LONGEST_SHOWN)
        if shown and shown not in self._others:
            self._others.append(shown)

    def _version(self, name: str) -> RemoteVersion:
        number = version_number(name)
        assert number is not None
        if name not in self._folders:
            return RemoteVersion(number, name, (), self._no_folder(name, number))
        if len(self._folders[name]) > MAX_VERSION_FILES:
            message = f"{self.uri}: version {number}: has more than {MAX_VERSION_FILES} files; a SavedModel has tens"
            return RemoteVersion(number, name, (), FetchProblem(reason=Reason.STORE_ERROR, message=message))
        files = _without_markers(self._folders[name])
        return RemoteVersion(number, name, files, self._bad_path(number, name, files))

    def _of_two(self, one: RemoteVersion | None, other: RemoteVersion) -> RemoteVersion:
        """TensorFlow Serving takes the last by name; a file in the place of a folder loses here, and there it fails."""
        if one is None:
            return other
        taken, left = (one, other) if other.problem and not one.problem else (other, one)
        self._twins += 1
        if self._twins <= _SHOWN:
            logger.warning(
                "%s: %s and %s are both version %d; %s is taken",
                self.uri, left.folder, taken.folder, taken.number, taken.folder,
            )  # fmt: skip
        return taken

    def _no_folder(self, name: str, number: int) -> FetchProblem:
        what = "a file" if self._plain_files[name] else "an empty file, or an empty folder"
        message = f"{self.uri}: version {number}: {name} is {what}, and not a folder with a SavedModel"
        return FetchProblem(reason=Reason.NO_SAVED_MODEL, message=message)

    def _bad_path(self, number: int, name: str, files: tuple[RemoteFile, ...]) -> FetchProblem | None:
        folders = _folders_among(file.path for file in files)
        for file in files:
            cause = "is a file and a folder at once" if file.path in folders else unsafe(file.path)
            if cause:
                shown = f"{name}/{one_line(file.path, _LONGEST_PATH_SHOWN)!r}"
                message = f"{self.uri}: version {number}: {shown} {cause}; it cannot be a file on a disk"
                return FetchProblem(reason=Reason.STORE_ERROR, message=message)
        return None

    def _why_none(self) -> str:
        if not self._objects:
            return "there is nothing below this path; upload each version to a folder with a number for a name"
        found = ", ".join(self._others) + (", …" if len(self._others) == _SHOWN else "")
        return f"no folder has a number for a name (found: {found}); TensorFlow Serving takes versions such as 1 or 002"


def _without_markers(files: dict[str, RemoteFile]) -> tuple[RemoteFile, ...]:
    """In ascending order, without the objects of size 0 by which some tools say that there is a folder: the listing
    no longer shows the slash at the end of their keys."""
    folders = _folders_among(files)
    return tuple(
        file for path, file in sorted(files.items()) if file.size or (path not in folders and path not in _MARKERS)
    )


def _folders_among(paths: Iterable[str]) -> frozenset[str]:
    """Those paths that are the folder of another one, which comes right after it in this order. To collect the folders
    of all paths would take many times their size where they are deep."""
    ordered = sorted(paths, key=lambda path: path.replace("/", "\0"))
    return frozenset(path for path, following in pairwise(ordered) if following.startswith(f"{path}/"))

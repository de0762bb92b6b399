"""Finds the versions in a flat listing of objects: keys in, versions out."""

import logging
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tfs_operator.api.base import MAX_INT64
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchProblem
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.hidden_files import JOURNAL
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion

MAX_FILES = 200_000
"""Of all versions together; some 100 MiB of memory. A SavedModel has tens."""

_SHOWN = 5
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
    if path == JOURNAL:
        return "has the name of the fetcher's own record"
    if max(len(part.encode()) for part in parts) > 255:
        return "has a part of more than 255 bytes"
    return None


@dataclass
class VersionListing:
    """Collects what is listed below the base path `uri`. Keeps only what lies in folders with a number for a name,
    so that memory does not grow with what else is in the bucket."""

    uri: str
    _folders: dict[str, dict[str, RemoteFile]] = field(default_factory=dict)
    _plain_files: dict[str, int] = field(default_factory=dict)
    _others: list[str] = field(default_factory=list)
    _objects: int = 0
    _kept: int = 0

    def add(self, path: str, size: int, etag: str, sha256: str = "", modified: float | None = None) -> None:
        """Takes one object; `path` is relative to the base path, `modified` as in RemoteFile. Raises FetchError where
        there are too many."""
        self._objects += 1
        folder, slash, rest = path.partition("/")
        if version_number(folder) is None:
            self._remember_other(folder)
        elif not slash:
            self._plain_files[folder] = size
        else:
            self._keep(folder, RemoteFile(rest, size, etag, sha256, modified))

    def versions(self) -> dict[int, RemoteVersion]:
        """Returns the versions, by number. Raises FetchError(NO_VERSIONS) where there is none."""
        chosen: dict[int, RemoteVersion] = {}
        for name in sorted({*self._folders, *self._plain_files}):
            version = self._version(name)
            chosen[version.number] = self._of_two(chosen.get(version.number), version)
        if not chosen:
            raise FetchError(Reason.NO_VERSIONS, f"{self.uri}: {self._why_none()}", retry=False)
        return chosen

    def _keep(self, folder: str, file: RemoteFile) -> None:
        self._kept += 1
        if self._kept > MAX_FILES:
            message = f"{self.uri}: has more than {MAX_FILES} files in its version folders; is this a base path?"
            raise FetchError(Reason.STORE_ERROR, message, retry=False)
        self._folders.setdefault(folder, {})[file.path] = file

    def _remember_other(self, folder: str) -> None:
        if folder and folder not in self._others and len(self._others) < _SHOWN:
            self._others.append(folder)

    def _version(self, name: str) -> RemoteVersion:
        number = version_number(name)
        assert number is not None
        if name not in self._folders:
            return RemoteVersion(number, name, (), self._no_folder(name, number))
        files = _without_markers(self._folders[name])
        return RemoteVersion(number, name, files, self._bad_path(number, name, files))

    def _of_two(self, one: RemoteVersion | None, other: RemoteVersion) -> RemoteVersion:
        """TensorFlow Serving takes the last by name; a file in the place of a folder loses here, and there it fails."""
        if one is None:
            return other
        taken, left = (one, other) if other.problem and not one.problem else (other, one)
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
        parents = {str(parent) for file in files for parent in PurePosixPath(file.path).parents}
        for file in files:
            cause = "is a file and a folder at once" if file.path in parents else unsafe(file.path)
            if cause:
                message = f"{self.uri}: version {number}: {name}/{file.path!r} {cause}; it cannot be a file on a disk"
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
    parents = {str(parent) for path in files for parent in PurePosixPath(path).parents}
    return tuple(
        file for path, file in sorted(files.items()) if file.size or (path not in parents and path not in _MARKERS)
    )

"""The folders of one base path: how a version arrives there, and how it leaves, each by a rename.

    .fetching-3/    being fetched; the next attempt goes on with what it finds
    3/              whole, checked, with its record
    .removing-3/    on its way out
    .work/          what a store keeps beside the versions, such as an archive

TensorFlow Serving takes no name that is not a number. A version gets its plain number for a name, whatever the store
calls it (`001`): so there is one folder a number, and `specific` finds it without listing the base path. Everything
here may be cut off at any point by SIGKILL. Calls block: they belong in a thread.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfs_operator.api.base import MAX_INT64
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.source import RemoteVersion
from tfs_operator.fetcher.volume.nested import base_path_within
from tfs_operator.fetcher.volume.record import Origin, Record, identify_record, read_record, write_record

_FETCHING, _REMOVING, _WORK = ".fetching-", ".removing-", ".work"
_TAKEN = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}
_ADVICE = "name another claim in storage.cache, or remove that folder by hand once no TFModel uses it"


@dataclass(frozen=True)
class Leftover:
    """A hidden folder of an earlier time. `owner` is "" where the base path is not shared."""

    path: Path
    owner: str
    version: int | None
    """Of a staging folder that could be gone on with; None where the folder is for nothing any more."""


class VersionFolders:
    """Manages the folders of one base path. `owner` is the pod's name where several pods share the base path: none
    touches the hidden folders of another. `origin` is where its versions come from. Every method may raise OSError.

    What belongs to another base path, or was fetched from elsewhere, is never replaced or removed."""

    def __init__(self, base: Path, owner: str = "", origin: Origin | None = None) -> None:
        self.base = base
        self.owner = owner
        self._origin = origin
        self._suffix = f"-{owner}" if owner else ""
        self._records: dict[int, tuple[object, Record | None]] = {}
        """As read last, with what tells whether they are the same still."""

        self._kept: dict[Path, Path] = {}
        """Folders in which another base path was found, and where that is."""

    @property
    def work(self) -> Path:
        return self.base / f"{_WORK}{self._suffix}"

    def make(self) -> None:
        """Makes the base path itself, readable by a server of another user."""
        for folder in reversed([self.base, *self.base.parents]):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                folder.chmod(0o755)

    def present(self) -> dict[int, RemoteVersion | None]:
        """Returns what the model server sees, with what was fetched; None where that is unknown. Folders of others are
        left out."""
        names = [entry.name for entry in os.scandir(self.base)]
        numbers = [
            int(name) for name in names if name.isdecimal() and name == str(int(name)) and int(name) <= MAX_INT64
        ]
        self._records = {number: self._record(number) for number in numbers if not self._is_kept(self._place(number))}
        return {
            number: record.version if record else None
            for number, (_, record) in self._records.items()
            if not self._is_foreign(record)
        }

    def check_own(self, number: int) -> None:
        """Raises FetchError where the place of a version, or its staging folder, has something of another base path, or
        content that was fetched from elsewhere."""
        what = f"{self._origin or self.base}: version {number}"
        for folder in (self._place(number), self._staging(number)):
            self._check(what, folder)
        record = self._record(number)[1]
        if record is not None and self._is_foreign(record):
            has = f"{self._place(number)} has what was fetched from {record.origin}"
            raise FetchError(Reason.STORE_ERROR, f"{what}: {has}, so it is not replaced; {_ADVICE}", retry=False)

    def _check(self, what: str, folder: Path) -> None:
        within = base_path_within(folder)
        if within is not None:
            self._kept[folder] = within
            has = f"{folder} has the versions of another base path, {within}"
            message = f"{what}: {has}, so it is neither replaced nor removed; {_ADVICE}"
            raise FetchError(Reason.STORE_ERROR, message, retry=False)

    def _is_kept(self, folder: Path) -> bool:
        return folder in self._kept and base_path_within(self._kept[folder]) is not None

    def _is_foreign(self, record: Record | None) -> bool:
        return bool(record and record.origin and self._origin and record.origin != self._origin)

    def _place(self, number: int) -> Path:
        return self.base / str(number)

    def _staging(self, number: int) -> Path:
        return self.base / f"{_FETCHING}{number}{self._suffix}"

    def _record(self, number: int) -> tuple[object, Record | None]:
        """Read anew only where it is another file: it has a line for each file of the version."""
        folder = self._place(number)
        identity = identify_record(folder)
        known = self._records.get(number)
        return known if known and identity and known[0] == identity else (identity, read_record(folder))

    def staging(self, number: int) -> Path:
        """Returns the folder to fetch into, made where it is missing."""
        folder = self._staging(number)
        folder.mkdir(exist_ok=True)
        return folder

    def finish(self, version: RemoteVersion, *, durable: bool) -> None:
        """Makes the fetched folder what the server is to see: the listed files and no others, readable by every user,
        and the record. `durable` waits until all of it is on the disk."""
        folder = self.staging(version.number)
        listed = {file.path for file in version.files}
        for path, is_folder in _walk(folder):
            _finish_one(path, is_folder, keep=str(path.relative_to(folder)) in listed)
        folder.chmod(0o755)
        write_record(folder, Record(version, self._origin), durable=durable)
        if durable:
            fsync_tree(folder)

    def publish(self, number: int) -> bool:
        """Renames what was fetched into place; False where the version is there already: another pod was faster, and
        what it brought stays."""
        staging = self.staging(number)
        try:
            staging.rename(self._place(number))
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            return False
        return True

    def hide(self, number: int) -> Path:
        """Hides the version from the server, for good or until another is published in its place; `remove` or `restore`
        what this returns. Raises FetchError where `check_own` does."""
        hidden = self.base / f"{_REMOVING}{number}{self._suffix}"
        self.check_own(number)
        self.discard(hidden)
        self._place(number).rename(hidden)
        return hidden

    def restore(self, hidden: Path, number: int) -> None:
        """Undoes `hide`; what has arrived meanwhile stays instead."""
        try:
            hidden.rename(self._place(number))
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            remove(hidden)

    def mark_durable(self, number: int, version: RemoteVersion) -> None:
        """Makes a version durable, some time after `publish`: waits for the disk, and then trusts it over a loss of
        power."""
        folder = self._place(number)
        fsync_tree(folder)
        write_record(folder, Record(version, self._origin), durable=True)

    def leftovers(self) -> list[Leftover]:
        """Returns every hidden folder that a fetcher has made, of whatever owner; the own work folder is none."""
        found = (_leftover(Path(entry.path)) for entry in os.scandir(self.base))
        return [each for each in found if each and each.path != self.work and not self._is_kept(each.path)]

    def discard(self, hidden: Path) -> None:
        """Removes a hidden folder. Raises FetchError where another base path lies in it."""
        self._check(str(self._origin or self.base), hidden)
        remove(hidden)


def remove(path: Path) -> None:
    """Removes a folder or a file, if it is there. Another process may remove the same."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def fsync_tree(folder: Path) -> None:
    """Returns once the disk has every file of `folder`, and their names."""
    for path, _ in _walk(folder):
        _sync_one(path)
    _sync_one(folder)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _walk(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Everything below, children before their parents; True for folders. Links are not followed."""
    for parent, folders, names in os.walk(folder, topdown=False):
        yield from ((Path(parent, name), False) for name in names)
        yield from ((Path(parent, name), True) for name in folders)


def _finish_one(path: Path, is_folder: bool, *, keep: bool) -> None:
    if is_folder and not path.is_symlink():
        _drop_if_empty(path)
    elif not keep:
        path.unlink()
    else:
        path.chmod(0o644)


def _drop_if_empty(folder: Path) -> None:
    folder.chmod(0o755)
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in _TAKEN:
            raise


def _leftover(path: Path) -> Leftover | None:
    name = path.name
    if name.startswith(_WORK):
        return Leftover(path, name.removeprefix(_WORK).removeprefix("-"), None)
    for prefix in (_FETCHING, _REMOVING):
        if name.startswith(prefix):
            number, _, whose = name.removeprefix(prefix).partition("-")
            staged = prefix == _FETCHING and number.isdecimal()
            return Leftover(path, whose, int(number) if staged else None)
    return None

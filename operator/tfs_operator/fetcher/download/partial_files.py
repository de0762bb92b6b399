"""The files of a version in its staging folder: what of an earlier attempt is kept, and what goes."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from tfs_operator.fetcher.core.hidden_files import JOURNAL
from tfs_operator.fetcher.core.source import RemoteFile
from tfs_operator.fetcher.download.byte_ranges import ByteRange, missing
from tfs_operator.fetcher.download.checksum import RunningChecksum, vouched
from tfs_operator.fetcher.download.journal import Journal


class PartialFile:
    """One file while it arrives. Its parts arrive in any order, several at a time."""

    def __init__(self, file: RemoteFile, folder: Path) -> None:
        self.file = file
        self.path = folder / file.path
        self.checksum = RunningChecksum(file, self.path) if vouched(file) else None
        self._hashing = threading.Lock()
        self.pending = 0
        """Parts that are begun or waiting."""

    def parts(self, ranges: list[ByteRange], part_bytes: int) -> list[ByteRange]:
        """Returns what is still to come; all of it is pending from now on."""
        parts = missing(ranges, self.file.size, part_bytes)
        self.pending = len(parts)
        return parts

    def begin_again(self) -> None:
        self.checksum = RunningChecksum(self.file, self.path) if vouched(self.file) else None

    def hash(self, chunk: memoryview, position: int) -> None:
        """Hashes what arrives in order, while the processor's cache has it. The rest is read back by `follow`."""
        checksum = self.checksum
        if checksum and self._hashing.acquire(blocking=False):
            try:
                if checksum.position == position:
                    checksum.update(chunk)
            finally:
                self._hashing.release()

    def follow(self, reached: int, stop: threading.Event, *, wait: bool) -> None:
        """Reads for the checksum up to the offset `reached`; without `wait`, only if no other thread does."""
        checksum = self.checksum
        if checksum and self._hashing.acquire(blocking=wait):
            try:
                checksum.follow(reached, stop)
            finally:
                self._hashing.release()

    def open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)


def prepare(files: Sequence[RemoteFile], into: Path, record: Journal) -> None:
    """Makes the folders and the empty files, and removes what is not of this version. Files that lack bytes which the
    journal promises begin again; a whole file that no journal knows is kept where a checksum can tell."""
    remove_others({file.path for file in files}, into)
    for folder in {(into / file.path).parent for file in files}:
        folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        _settle(file, into / file.path, record)


def _settle(file: RemoteFile, path: Path, record: Journal) -> None:
    size = path.stat().st_size if path.exists() else -1
    ranges = record.ranges(file)
    if size < 0 or size > file.size:
        path.write_bytes(b"")
    if ranges and size < ranges[-1][1]:
        record.forget(file)
    elif not ranges and size == file.size and vouched(file):
        record.arrived(file, 0, size)


def remove_others(paths: set[str], into: Path) -> None:
    """Removes whatever lies below `into` and is not one of the files `paths`, by relative path."""
    kept = paths | {JOURNAL}
    for path in sorted(into.rglob("*"), reverse=True):
        relative = path.relative_to(into).as_posix()
        if path.is_dir() and not path.is_symlink():
            if relative in paths or not any(path.iterdir()):
                path.rmdir()
        elif relative not in kept or path.is_symlink():
            path.unlink()

"""Keeps what has arrived of a version beside its files, so that a killed process goes on where it was.

Lines are only ever appended, each after the bytes it speaks of have been written, so it never promises too much:
what a process has written outlives the process. It does not outlive a crash of the node, where a line may reach the
disk and its bytes may not; so a journal counts only until the node boots again. In return nothing is synced.
"""

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tfs_operator.fetcher.core.boot import boot_id
from tfs_operator.fetcher.core.source import RemoteFile
from tfs_operator.fetcher.download.byte_ranges import ByteRange, joined


class Journal:
    """The journal of one folder and one process at a time, whose threads may share it. Files are named by their place
    in the first line, to keep it small."""

    def __init__(self, path: Path, files: Sequence[RemoteFile]) -> None:
        """Opens the journal at `path`, or begins one; what it says of files that are not exactly these is dropped."""
        self._path = path
        self._index = {file.path: index for index, file in enumerate(files)}
        self._ranges: dict[str, list[ByteRange]] = {}
        self._verified: set[str] = set()
        self._lock = threading.Lock()
        self._read({file.path: file for file in files})
        self._descriptor = self._rewrite(files)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def ranges(self, file: RemoteFile) -> list[ByteRange]:
        return self._ranges.get(file.path, [])

    def is_verified(self, file: RemoteFile) -> bool:
        return file.path in self._verified

    def arrived(self, file: RemoteFile, start: int, end: int) -> None:
        """Notes bytes that have arrived; to be called once they are written."""
        with self._lock:
            self._ranges[file.path] = joined(self.ranges(file), (start, end))
            self._append([self._index[file.path], start, end])

    def verified(self, file: RemoteFile) -> None:
        """Notes that the whole file has the checksum that the store has for it."""
        self._verified.add(file.path)
        self._append([self._index[file.path]])

    def forget(self, file: RemoteFile) -> None:
        """Drops what is noted of the file: its bytes are not those of the store."""
        self._ranges.pop(file.path, None)
        self._verified.discard(file.path)
        self._append([self._index[file.path], -1, -1])

    def _read(self, files: dict[str, RemoteFile]) -> None:
        """A damaged journal is none."""
        try:
            self._replay_all(files)
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            self._ranges.clear()
            self._verified.clear()

    def _replay_all(self, files: dict[str, RemoteFile]) -> None:
        head, *lines = self._path.read_text("utf-8").split("\n")
        first = json.loads(head)
        known = [RemoteFile(*entry) for entry in first["files"]]
        # What follows the last line break is a line that was never finished.
        entries = [json.loads(line) for line in lines[:-1]]
        if not first["boot"] or first["boot"] != boot_id():
            return
        for index, *byte_range in entries:
            if files.get(known[index].path) == known[index]:
                self._replay(known[index].path, byte_range)

    def _replay(self, path: str, byte_range: list[int]) -> None:
        if not byte_range:
            self._verified.add(path)
        elif byte_range[0] < 0:
            self._ranges.pop(path, None)
            self._verified.discard(path)
        else:
            self._ranges[path] = joined(self._ranges.get(path, []), (byte_range[0], byte_range[1]))

    def _rewrite(self, files: Sequence[RemoteFile]) -> int:
        """A new file in the place of the old one at once: killed in between, the old one still stands."""
        fresh = self._path.with_name(self._path.name + ".new")
        head = {"boot": boot_id(), "files": [[file.path, file.size, file.etag, file.sha256] for file in files]}
        lines: list[object] = [head]
        lines += [[self._index[path], *byte_range] for path, ranges in self._ranges.items() for byte_range in ranges]
        lines += [[self._index[path]] for path in self._verified]
        fresh.write_text("".join(_line(line) for line in lines), "utf-8")
        fresh.replace(self._path)
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def _append(self, entry: list[int]) -> None:
        os.write(self._descriptor, _line(entry).encode())


def _line(value: object) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"

"""Compares what is on the disk with the checksums that a store has."""

import hashlib
import os
import re
import threading
from pathlib import Path

from tfs_operator.fetcher.core.source import RemoteFile

_BLOCK = 1 << 20


GIT_BLOB = "git:"
"""Before an ETag that is the id of a git blob: the SHA-1 of a header with the size, and of the content."""


def vouched(file: RemoteFile) -> str | None:
    """Returns the checksum that the store has for a file: its SHA-256, the id of its git blob, else an ETag that looks
    like a plain MD5; else None.

    An S3 ETag is the MD5 of an object that was put at once, and not of one that was put in parts (it ends in `-N`). Of
    an object under a customer's key it only looks like one, see `is_certain`."""
    if file.sha256:
        return file.sha256
    if file.etag.startswith(GIT_BLOB):
        return file.etag.removeprefix(GIT_BLOB)
    return file.etag if re.fullmatch("[0-9a-f]{32}", file.etag) else None


def is_certain(file: RemoteFile) -> bool:
    """Whether another checksum than `vouched` means damage. An ETag may be no checksum at all: with SSE-KMS it has
    the same form, and no response that the client library shows tells the two apart."""
    return bool(file.sha256) or file.etag.startswith(GIT_BLOB)


def _hash(file: RemoteFile) -> "hashlib._Hash":
    if file.sha256:
        return hashlib.sha256()
    if file.etag.startswith(GIT_BLOB):
        return hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)
    return hashlib.md5(usedforsecurity=False)


class RunningChecksum:
    """Follows a file while it arrives, so that little is left to read once it is whole."""

    def __init__(self, file: RemoteFile, path: Path) -> None:
        self._path = path
        self._hash = _hash(file)
        self.position = 0

    def update(self, chunk: memoryview) -> None:
        """Takes what comes next in the file, from memory."""
        self._hash.update(chunk)
        self.position += len(chunk)

    def follow(self, until: int, stop: threading.Event) -> None:
        """Reads on up to the offset `until`, or for as long as `stop` is not set."""
        if self.position >= until:
            return
        buffer = bytearray(_BLOCK)
        view = memoryview(buffer)
        with self._path.open("rb", buffering=0) as source:
            while self.position < until and not stop.is_set():
                count = os.preadv(source.fileno(), [view[: until - self.position]], self.position)
                if not count:
                    raise OSError(f"{self._path} ends at {self.position} of {until} bytes")
                self.update(view[:count])

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

"""Finds and reads the files of a version on a claim, and none that lies elsewhere.

Whoever may write to a claim decides where its links lead. The fetcher sees what the model server must not, such as the
Secret of another store, so a link is followed only within the claim.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tfs_operator.fetcher.saved_model.listing_budget import ListingBudget, entries_in

_READ_BYTES = 1 << 20


class LeadsOut(Exception):
    """A link leads out of the claim, or to nothing; its path is the message."""


@dataclass(frozen=True)
class ClaimFile:
    """One plain file. `path` is relative to the version's folder; times are in seconds since the epoch, by the file
    server's clock."""

    path: str
    size: int
    etag: str
    """Size and time of the last write, as rsync compares files: no file system has a checksum to ask for."""

    changed: float
    """When it was last written or put there, also by a copy that keeps the time of the last write."""


def files_below(folder: Path, claim: Path, budget: ListingBudget) -> Iterator[ClaimFile]:
    """Yields every plain file below `folder`, which lies on the mounted `claim`. Blocks for as long as the volume does.
    Raises LeadsOut, ListingRefused and OSError."""
    pending, seen, root = [("", folder)], set[tuple[int, int]](), claim.resolve()
    if not _is_below(folder, root):
        raise LeadsOut(folder.name)
    while pending:
        prefix, place = pending.pop()
        found = place.stat()
        if (found.st_dev, found.st_ino) in seen:  # a link leads in a circle
            continue
        seen.add((found.st_dev, found.st_ino))
        for entry in sorted(entries_in(place, budget), key=lambda each: each.name):
            path = f"{prefix}{entry.name}"
            if entry.is_symlink() and not _is_below(Path(entry.path), root):
                raise LeadsOut(path)
            if entry.is_dir():
                pending.append((f"{path}/", Path(entry.path)))
            elif entry.is_file():
                yield _claim_file(path, entry.stat())


def chunks(path: Path, claim: Path, etag: str, start: int, end: int) -> Iterator[memoryview]:
    """Yields the bytes of a file from `start` up to and without `end`, fewer where it ends before or is not the same
    any more. Raises LeadsOut and OSError."""
    with _opened(path, claim) as descriptor:
        while start < end and _claim_file("", os.fstat(descriptor)).etag == etag:
            data = os.pread(descriptor, min(_READ_BYTES, end - start), start)
            if not data:
                return
            yield memoryview(data)
            start += len(data)


@contextmanager
def _opened(path: Path, claim: Path) -> Iterator[int]:
    """Looks at what was opened, and not at the path: that may be a link by the time it is opened."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not _is_below(Path(f"/proc/self/fd/{descriptor}"), claim.resolve()):
            raise LeadsOut(path.name)
        yield descriptor
    finally:
        os.close(descriptor)


def _is_below(path: Path, root: Path) -> bool:
    found = path.resolve()
    return found.is_relative_to(root) and found.exists()


def _claim_file(path: str, found: os.stat_result) -> ClaimFile:
    etag = f"{found.st_size}-{found.st_mtime_ns}"
    return ClaimFile(path, found.st_size, etag, max(found.st_mtime, found.st_ctime))

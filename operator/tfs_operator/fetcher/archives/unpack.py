"""Looks into an archive, and unpacks chosen files of it: in bounded memory, and never outside the given folder."""

import gzip
import hashlib
import os
import stat
import threading
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from tfs_operator.fetcher.archives.errors import BadArchive, shown, words_of
from tfs_operator.fetcher.archives.limits import ArchiveLimits, Entry, EntryBudget, EntryKind
from tfs_operator.fetcher.archives.tar import CHUNK, Readable, tar_members
from tfs_operator.fetcher.archives.zip import zip_members
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteFile
from tfs_operator.fetcher.core.threads import Stopped


class Packing(StrEnum):
    """How an archive is packed."""

    TAR = "tar"
    TAR_GZIP = "tar+gzip"
    ZIP = "zip"


@dataclass(frozen=True, slots=True)
class Packed:
    """What is in an archive under one name: a file, or something that is never unpacked, such as a link."""

    path: str
    size: int
    sha256: str
    kind: EntryKind = EntryKind.FILE


def survey(archive: Path, packing: Packing, limits: ArchiveLimits, stop: threading.Event) -> tuple[Packed, ...]:
    """Reads the whole archive, and with it every checksum that it has; writes nothing. Raises BadArchive."""
    budget = EntryBudget(limits, archive.stat().st_size)
    found: list[Packed] = []
    with closing(_members(archive, packing, _counting(budget, stop))) as members:
        for entry, content in members:
            budget.admit(entry)
            if entry.kind is not EntryKind.FOLDER:
                found.append(_surveyed(entry, content))
    return tuple(found)


def extract(
    archive: Path,
    packing: Packing,
    targets: Mapping[str, RemoteFile],
    into: Path,
    progress: Progress,
    stop: threading.Event,
) -> None:
    """Unpacks the entries that `targets` names to the paths that it gives, below `into`. A file that is there already
    with the right content stays. Raises BadArchive where the archive is not the one that was surveyed."""
    left = dict(targets)
    if not left:
        return
    with closing(_members(archive, packing, _watching(progress, stop))) as members:
        for entry, content in members:
            target = left.pop(entry.path, None)
            if target is not None:
                _write(entry, content, target, into, progress)
            if not left:
                return
    raise BadArchive(f"the entry {shown(min(left))} is not in it any more")


Meter = Callable[[int], None]
"""Takes the number of bytes that have come out; raises to stop."""


def _counting(budget: EntryBudget, stop: threading.Event) -> Meter:
    def meter(count: int) -> None:
        if stop.is_set():
            raise Stopped
        budget.count(count)

    return meter


def _watching(progress: Progress, stop: threading.Event) -> Meter:
    """To read past other entries may take long, and is no byte of the version."""

    def meter(_: int) -> None:
        if stop.is_set():
            raise Stopped
        progress.touch()

    return meter


class _Metered:
    def __init__(self, stream: Readable, meter: Meter) -> None:
        self._stream = stream
        self._meter = meter

    def read(self, size: int = CHUNK, /) -> bytes:
        data = self._stream.read(min(size, CHUNK))
        self._meter(len(data))
        return data


def _members(archive: Path, packing: Packing, meter: Meter) -> Generator[tuple[Entry, Readable], None, None]:
    """A tar archive is metered as a whole: its headers can be as long as its files."""
    if packing is Packing.ZIP:
        with closing(zip_members(archive)) as members:
            for entry, content in members:
                yield entry, _Checked(_Metered(content, meter))
        return
    with archive.open("rb") as file, _opened(file, packing) as stream:
        for entry, tar_content in tar_members(_Checked(_Metered(stream, meter))):
            yield entry, tar_content


@contextmanager
def _opened(file: IO[bytes], packing: Packing) -> Iterator[Readable]:
    if packing is Packing.TAR:
        yield file
        return
    with gzip.GzipFile(fileobj=file) as unzipped:
        yield unzipped


class _Checked:
    """Translates what the decompressing libraries raise."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream

    def read(self, size: int = CHUNK, /) -> bytes:
        try:
            return self._stream.read(size)
        except (zlib.error, EOFError, gzip.BadGzipFile, zipfile.BadZipFile) as error:
            raise BadArchive(f"it is damaged or cut off, or no archive of this kind ({words_of(error)})") from None


def _surveyed(entry: Entry, content: Readable) -> Packed:
    digest, size = hashlib.sha256(), 0
    while data := content.read(CHUNK):
        digest.update(data)
        size += len(data)
    return Packed(entry.path, size, digest.hexdigest(), entry.kind)


def _write(entry: Entry, content: Readable, target: RemoteFile, into: Path, progress: Progress) -> None:
    if entry.kind is not EntryKind.FILE:
        raise BadArchive(f"the entry {shown(entry.path)} is a {entry.kind}")
    path = _place(into, target.path)
    if _is_whole(path, target):
        progress.add(target.size)
        return
    digest, size = hashlib.sha256(), 0
    with open(path, "wb", opener=_opener) as file:
        os.fchmod(file.fileno(), 0o644)
        while data := content.read(CHUNK):
            file.write(data)
            digest.update(data)
            size += len(data)
            progress.add(len(data))
    if (size, digest.hexdigest()) != (target.size, target.sha256):
        raise BadArchive(f"the entry {shown(entry.path)} has changed on the disk since it was looked at")


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)


def _place(into: Path, path: str) -> Path:
    """The file's place, with the folders above it made: real folders, whatever lay there."""
    folder = into
    for part in path.split("/")[:-1]:
        folder = folder / part
        folder.mkdir(mode=0o755, exist_ok=True)
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise BadArchive(f"{shown(path)} lies below a link in the staging folder")
        folder.chmod(0o755)
    return into / path


def _is_whole(path: Path, target: RemoteFile) -> bool:
    if path.is_symlink() or not path.is_file() or path.stat().st_size != target.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == target.sha256

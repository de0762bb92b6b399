"""Reads a zip archive from a file, entry by entry, in bounded memory."""

import io
import os
import stat
import struct
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import IO

from tfs_operator.fetcher.archives.errors import BadArchive, shown, words_of
from tfs_operator.fetcher.archives.limits import Entry, EntryKind, clean_path

DIRECTORY_MAX = 32 * 1024**2
"""Bytes of the central directory, which is read in one piece: 100,000 entries with names of 280 letters."""

_DAMAGE = (
    zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OverflowError, ValueError, struct.error,
)  # fmt: skip
_ENCRYPTED = 0x1
_KINDS = {
    0: EntryKind.FILE,
    stat.S_IFREG: EntryKind.FILE,
    stat.S_IFDIR: EntryKind.FOLDER,
    stat.S_IFLNK: EntryKind.SYMLINK,
    stat.S_IFCHR: EntryKind.DEVICE,
    stat.S_IFBLK: EntryKind.DEVICE,
    stat.S_IFIFO: EntryKind.FIFO,
}


class _Bounded(io.FileIO):
    """Reads never too much at once, and never beyond the archive, whatever its headers claim."""

    def read(self, size: int | None = -1, /) -> bytes:
        count = -1 if size is None else size
        if count > DIRECTORY_MAX:
            raise BadArchive(f"its table of contents claims {count} bytes; {DIRECTORY_MAX} are the most")
        return super().read(count) or b""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_SET and not 0 <= offset <= os.fstat(self.fileno()).st_size:
            raise zipfile.BadZipFile("an offset outside of the archive")
        return super().seek(offset, whence)


def zip_members(archive: Path) -> Generator[tuple[Entry, IO[bytes]], None, None]:
    """Yields every entry in order. Reading one to its end checks its CRC."""
    try:
        with _Bounded(archive) as file, zipfile.ZipFile(file) as opened:
            for info in opened.infolist():
                with opened.open(_readable(info)) as content:
                    yield _entry(info), content
    except _DAMAGE as error:
        raise BadArchive(f"it is no zip archive, or damaged ({words_of(error)})") from None


def _readable(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    if info.flag_bits & _ENCRYPTED:
        raise BadArchive(f"the entry {shown(info.filename)} is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadArchive(f"the entry {shown(info.filename)} is packed by another method than deflate")
    return info


def _entry(info: zipfile.ZipInfo) -> Entry:
    """ZipFile cuts names at a NUL, so the name is looked at as it is in the archive."""
    path = clean_path(info.orig_filename)
    kind = _KINDS.get(stat.S_IFMT(info.external_attr >> 16), EntryKind.OTHER)
    if info.orig_filename.endswith("/") and kind is EntryKind.FILE:
        kind = EntryKind.FOLDER
    return Entry(path, kind, info.file_size)

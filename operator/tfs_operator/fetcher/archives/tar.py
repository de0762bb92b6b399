"""Reads a tar archive as a stream, entry by entry, in bounded memory.

The standard library's TarFile decodes each header here, but does not walk the archive: it takes a damaged header for
the end of the archive, reads extended headers of any size into memory, and keeps every entry that it has seen.
"""

import tarfile
from collections.abc import Iterator
from typing import Protocol

from tfs_operator.fetcher.archives.errors import BadArchive, shown
from tfs_operator.fetcher.archives.limits import Entry, EntryKind, clean_path

BLOCK = 512
CHUNK = 256 * 1024
EXTENDED_MAX = 64 * 1024
"""Bytes of one extended header; a path of 4 KiB is the most that a file can have."""

_KINDS = {
    tarfile.REGTYPE: EntryKind.FILE,
    tarfile.AREGTYPE: EntryKind.FILE,
    tarfile.CONTTYPE: EntryKind.FILE,
    tarfile.DIRTYPE: EntryKind.FOLDER,
    tarfile.SYMTYPE: EntryKind.SYMLINK,
    tarfile.LNKTYPE: EntryKind.HARD_LINK,
    tarfile.CHRTYPE: EntryKind.DEVICE,
    tarfile.BLKTYPE: EntryKind.DEVICE,
    tarfile.FIFOTYPE: EntryKind.FIFO,
}
_EXTENDED = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME)
_PASSED_OVER = (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK)
"""Global headers hold comments and defaults for times and owners; the target of a link is of no interest."""


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int = ..., /) -> bytes:
        """Returns up to `size` bytes; only an empty answer is the end."""
        ...


class Content:
    """The bytes of one entry; what the reader leaves is skipped before the next entry."""

    def __init__(self, stream: Readable, size: int, name: str) -> None:
        self._stream = stream
        self._left = size
        self._name = name

    def read(self, size: int = CHUNK, /) -> bytes:
        data = self._stream.read(min(size, self._left)) if self._left else b""
        if self._left and not data:
            raise BadArchive(f"it ends in the middle of {shown(self._name)}")
        self._left -= len(data)
        return data


def tar_members(stream: Readable) -> Iterator[tuple[Entry, Content]]:
    """Yields every entry in order. At the end the stream has been read to its end, so that its checksum has been
    checked."""
    name: str | None = None
    extended: dict[str, str] = {}
    while (header := _header(stream)) is not None:
        if header.type in _PASSED_OVER:
            _skip(stream, header.size)
        elif header.type == tarfile.GNUTYPE_LONGNAME:
            name = _text(stream, header).rstrip("\0")
        elif header.type in _EXTENDED:
            extended = _records(_text(stream, header))
        else:
            yield from _member(stream, header, extended, name)
            name, extended = None, {}
    while stream.read(CHUNK):
        pass


def _header(stream: Readable) -> tarfile.TarInfo | None:
    block = _exactly(stream, BLOCK)
    if not block:
        return None
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        if not any(block):
            return None
        raise BadArchive(f"it is no tar archive, or damaged ({error})") from None
    if header.size < 0:
        raise BadArchive(f"the entry {shown(header.name)} claims a size of {header.size}")
    return header


def _member(
    stream: Readable, header: tarfile.TarInfo, extended: dict[str, str], name: str | None
) -> Iterator[tuple[Entry, Content]]:
    name = extended.get("path", name if name is not None else header.name)
    if header.type == tarfile.GNUTYPE_SPARSE or any(key.startswith("GNU.sparse") for key in extended):
        raise BadArchive(f"the entry {shown(name)} is a sparse file; pack it without --sparse")
    kind = _KINDS.get(header.type, EntryKind.OTHER)
    size = _size(extended, header) if kind in (EntryKind.FILE, EntryKind.OTHER) else 0
    content = Content(stream, size, name)
    yield Entry(clean_path(name), kind, size), content
    while content.read():
        pass
    _skip(stream, -size % BLOCK)


def _size(extended: dict[str, str], header: tarfile.TarInfo) -> int:
    text = extended.get("size", str(header.size))
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise BadArchive(f"the entry {shown(header.name)} claims a size of {shown(text)}")
    return int(text)


def _text(stream: Readable, header: tarfile.TarInfo) -> str:
    if not 0 <= header.size <= EXTENDED_MAX:
        raise BadArchive(f"an extended header claims {header.size} bytes; {EXTENDED_MAX} are the most")
    data = _exactly(stream, header.size)
    _skip(stream, -header.size % BLOCK)
    if len(data) < header.size:
        raise BadArchive("it ends in the middle of a header")
    return data.decode("utf-8", "surrogateescape")


def _records(text: str) -> dict[str, str]:
    r"""POSIX: each record is `LENGTH KEY=VALUE\n`, and LENGTH counts the bytes of all of it."""
    records = {}
    data = text.encode("utf-8", "surrogateescape")
    while data.strip(b"\0"):
        digits, space, _ = data.partition(b" ")
        length = int(digits) if digits.isdigit() and len(digits) < 6 else 0
        key, equals, value = data[len(digits) + 1 : length - 1].partition(b"=")
        if not (space and equals) or length > len(data) or data[length - 1 : length] != b"\n":
            raise BadArchive("it has a damaged extended header")
        records[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        data = data[length:]
    return records


def _skip(stream: Readable, size: int) -> None:
    content = Content(stream, size, "a header")
    while content.read():
        pass


def _exactly(stream: Readable, size: int) -> bytes:
    """`size` bytes, or none at the end of the stream."""
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    if 0 < len(data) < size:
        raise BadArchive("it ends in the middle of a header")
    return data

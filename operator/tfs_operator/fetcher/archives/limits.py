"""What an archive may hold: names that stay below a folder, nothing but files and folders, and only so much of them."""

from dataclasses import dataclass
from enum import StrEnum

from tfs_operator.fetcher.archives.errors import BadArchive, shown

GIB = 1024**3


class EntryKind(StrEnum):
    """What an entry is, as messages name it."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symbolic link"
    HARD_LINK = "hard link"
    DEVICE = "device"
    FIFO = "named pipe"
    OTHER = "file of an unknown type"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, by its clean path: relative, with `/`, no `.`, `..` or empty part; "" is the archive's own root."""

    path: str
    kind: EntryKind
    size: int = 0
    """As the archive's header claims."""


@dataclass(frozen=True)
class ArchiveLimits:
    """How much an archive may hold; what is counted is what comes out, not what its headers claim."""

    entries: int = 100_000
    """Files and folders, those that only a path names included."""

    path_bytes: int = 16 * 1024**2
    """Of all paths together, which are held in memory. A hundred thousand files have some five MiB."""

    layer_entries: int = 200_000
    layer_path_bytes: int = 32 * 1024**2
    """Of all layers of an image together."""

    file_bytes: int = 1024 * GIB
    total_bytes: int = 1024 * GIB
    ratio: int = 200
    """Unpacked bytes a packed byte. Deflate reaches 1032 with zeros; weights reach 1.1, or some 1000 when they are
    all zero, which is why a small archive is let through."""

    ratio_from_bytes: int = 1 * GIB
    """The ratio is looked at from so many unpacked bytes on."""


def clean_path(name: str) -> str:
    """Returns the path of an entry below the folder it is unpacked to. Raises BadArchive for a name that would leave
    it, or that no file can have."""
    if name.startswith("/"):
        raise BadArchive(f"the entry {shown(name)} has an absolute path")
    if any(c < " " or c in "\\\x7f" or "\ud800" <= c <= "\udfff" for c in name):
        raise BadArchive(f"the entry {shown(name)} has a backslash, a control character or no UTF-8 in its name")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise BadArchive(f"the entry {shown(name)} leaves its folder")
    if len(name.encode()) > 4000 or any(len(part.encode()) > 255 for part in parts):
        raise BadArchive(f"the entry {shown(name)} has a name that is too long for a file")
    return "/".join(parts)


class EntryBudget:
    """Counts what comes out of one archive, in order, and raises BadArchive once it is more than the limits allow."""

    def __init__(self, limits: ArchiveLimits, packed_bytes: int) -> None:
        self._limits = limits
        self._most_bytes = min(limits.total_bytes, max(limits.ratio_from_bytes, limits.ratio * packed_bytes))
        self._seen: dict[str, EntryKind] = {}
        self._entries = 0
        self._path_bytes = 0
        self._bytes = 0

    def admit(self, entry: Entry) -> None:
        """Counts an entry. Raises BadArchive for a second entry of one name, and for a file where a folder is, or the
        other way about. A reader gives no more of a file than its header claims, so the claim is what is limited."""
        self._count_entry(entry.path)
        if entry.size > self._limits.file_bytes:
            raise BadArchive(
                f"the entry {shown(entry.path)} has {entry.size} bytes; the most is {self._limits.file_bytes}"
            )
        if entry.kind is EntryKind.FOLDER:
            self._folder(entry.path, entry)
            return
        if entry.path in self._seen or not entry.path:
            raise BadArchive(f"the entry {shown(entry.path)} is there twice")
        self._folder(entry.path.rpartition("/")[0], entry)
        self._seen[entry.path] = entry.kind

    def count(self, more: int) -> None:
        """Counts bytes that have come out, of whatever entry."""
        self._bytes += more
        if self._bytes > self._limits.total_bytes:
            raise BadArchive(f"it unpacks to more than {self._limits.total_bytes} bytes, which is the most")
        if self._bytes > self._most_bytes:
            raise BadArchive(
                f"it unpacks to more than {self._limits.ratio} times its size, as a decompression bomb does"
            )

    def _folder(self, path: str, entry: Entry) -> None:
        """Notes `path` and the folders above it, up to the first that is known."""
        while path:
            known = self._seen.get(path)
            if known is EntryKind.FOLDER:
                return
            if known is not None:
                raise BadArchive(f"the entry {shown(entry.path)} lies below {shown(path)}, which is a {known}")
            self._count_entry(path)
            self._seen[path] = EntryKind.FOLDER
            path = path.rpartition("/")[0]

    def _count_entry(self, path: str) -> None:
        self._entries += 1
        self._path_bytes += len(path.encode())
        if self._path_bytes > self._limits.path_bytes:
            raise BadArchive(f"the paths of its entries have more than {self._limits.path_bytes} bytes")
        if self._entries > self._limits.entries:
            raise BadArchive(f"it has more than {self._limits.entries} entries")

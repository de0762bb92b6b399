"""What a store of archives offers to a bundle: files that have to be fetched whole before their versions are known."""

import hashlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tfs_operator.fetcher.archives.unpack import Packing
from tfs_operator.fetcher.download.transfer import Tuning


@dataclass(frozen=True)
class Blob:
    """One archive, layer or plain file, as the store has it now: two that are equal have the same content."""

    key: str
    """Changes when the content does: a digest, or the address and the ETag."""

    size: int
    packing: Packing | None
    """None: a plain file, which is called `title`, and whose SHA-256 is known."""

    sha256: str = ""
    title: str = ""

    @property
    def name(self) -> str:
        """Returns a name for a file on the disk."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:32]


class ArchiveBackend(Protocol):
    """Lists and reads the blobs of one bundle. Its methods raise FetchError only."""

    uri: str
    roots: Sequence[str]
    """Folders in which versions are looked for, each "" or with a `/` at its end; the first that has any counts."""

    links_are_refused: bool
    """Whether a link, or another entry that is no file and no folder, condemns the whole bundle, and not only the
    version that it lies in."""

    tuning: Tuning

    async def blobs(self) -> Sequence[Blob]:
        """Returns what is there now, with as few requests as can be; later blobs cover earlier ones."""
        ...

    def read(self, blob: Blob, start: int, end: int) -> AsyncGenerator[memoryview, None]:
        """Streams the bytes from `start` up to `end`, as the download engine's Read."""
        ...

    async def close(self) -> None: ...

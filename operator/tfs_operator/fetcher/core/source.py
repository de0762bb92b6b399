"""What every kind of store offers to the rest of the fetcher: versions, and their files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from tfs_operator.domain.fetch_protocol import FetchProblem
from tfs_operator.fetcher.core.progress import Progress


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a version. `path` is relative to the version's folder, with `/`, and is clean: no `.`, `..`, empty
    or absolute part. `etag` changes when the content does, and has no quotes; empty where the store
    has none."""

    path: str
    size: int
    etag: str = ""
    sha256: str = ""
    """Hex, where the store vouches for it."""

    modified: float | None = field(default=None, compare=False)
    """When it came into the store, in seconds since the epoch by the store's clock; None where the store has no such
    time. It says nothing of the content."""


@dataclass(frozen=True)
class RemoteVersion:
    """One version in the store, as one listing shows it: two that are equal have the same content."""

    number: int
    folder: str
    """Its name in the store, such as `001`."""

    files: tuple[RemoteFile, ...]
    """In ascending order of their paths."""

    problem: FetchProblem | None = None
    """Why this cannot be fetched as it is, such as a file in the place of the folder; `download` raises it."""

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @cached_property
    def content(self) -> str:
        """Returns a short hash by which versions of other content are told apart."""
        lines = (f"{file.path}\0{file.size}\0{file.etag}\0{file.sha256}\n" for file in self.files)
        digest = hashlib.sha256()
        for line in lines:
            digest.update(line.encode(errors="surrogatepass"))
        return digest.hexdigest()[:16]


class Source(Protocol):
    """Lists and downloads the versions of one model's base path in one store. Every method raises FetchError, and
    nothing else, for what can go wrong outside; cancellation leaves what has arrived on the disk, to be resumed."""

    uri: str
    publishes_at_once: bool
    """Whether a version comes into the store in one step, as by a commit or a digest, so that no listing shows a part
    of it."""

    async def versions(self) -> Mapping[int, RemoteVersion]:
        """Returns what is in the store now, by number, with as few requests as the store allows (one list call). Raises
        FetchError(NO_VERSIONS) where nothing has a number for a name."""
        ...

    async def download(self, version: RemoteVersion, into: Path, progress: Progress) -> None:
        """Downloads every file of `version` into the folder `into`, which exists and may hold parts of an earlier
        attempt: whole files with the right size and checksum are kept, partial ones are resumed where the content
        is provably the same. A file that differs from the listing by then raises FetchError(VERSION_CHANGED).
        On return every file is there with its listed size, and with its checksum where the store has one."""
        ...

    async def close(self) -> None: ...

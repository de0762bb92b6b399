"""Models in an object store: `s3://`, `gs://`, `az://`."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.bucket import parse_bucket_uri
from tfs_operator.fetcher.clients import Client, Settings, connect, secrets, settings
from tfs_operator.fetcher.object_listing import Listing
from tfs_operator.fetcher.problem import FetchError
from tfs_operator.fetcher.source import Progress, RemoteFile, RemoteVersion
from tfs_operator.fetcher.storage import Storage
from tfs_operator.fetcher.store_errors import explain
from tfs_operator.fetcher.transfer import Transfer

if TYPE_CHECKING:  # obstore has these for type checkers only
    from obstore import GetOptions, ObjectMeta

_PAGE = 1000
_CHUNK = 512 << 10
"""Large enough to make Python's part small, small enough to be still in the processor's cache when it is written."""


class ObjectSource:
    """One base path in one bucket."""

    def __init__(self, uri: str, storage: Storage) -> None:
        self.uri = uri
        self._place = parse_bucket_uri(uri)
        self._storage = storage
        self._client: Client | None = None
        self._made_of: Settings | None = None

    async def versions(self) -> Mapping[int, RemoteVersion]:
        listing = Listing(self.uri)
        skipped = len(self._place.prefix) + 1 if self._place.prefix else 0
        with self._explained(self.uri):
            client = self._connected()
            async for page in client.list(self._place.prefix or None, chunk_size=_PAGE):
                for entry in page:
                    listing.add(entry["path"][skipped:], entry["size"], _bare(entry["e_tag"]))
        return listing.versions()

    async def download(self, version: RemoteVersion, into: Path, progress: Progress) -> None:
        what = f"{self.uri}: version {version.number}"
        if version.problem:
            raise FetchError(version.problem.reason, version.problem.message, retry=False)
        with self._explained(what):
            client = self._connected()
        folder = "/".join(filter(None, [self._place.prefix, version.folder]))

        async def read(file: RemoteFile, start: int, end: int) -> AsyncGenerator[memoryview, None]:
            with self._explained(f"{what}: {file.path}"):
                options: GetOptions = {"range": (start, end)}
                if file.etag:
                    options["if_match"] = f'"{file.etag}"'
                answer = await client.get_async(f"{folder}/{file.path}", options=options)
                _unchanged(file, answer.meta, f"{what}: {file.path}")
                async for chunk in answer.stream(min_chunk_size=_CHUNK):
                    yield memoryview(chunk)

        await Transfer(what, read, into, progress).run(version.files)

    async def close(self) -> None:
        """The library closes its connections with the last reference."""
        self._client = None

    def _connected(self) -> Client:
        """The same client for as long as the Secret and the authorities stay the same: it keeps connections open."""
        made_of = settings(self._place, self._storage)
        if self._client is None or made_of != self._made_of:
            self._made_of, self._client = made_of, None
            self._client = connect(self._place, made_of)
        return self._client

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            raise explain(error, what, secrets(self._made_of)) from None


def _unchanged(file: RemoteFile, found: "ObjectMeta", what: str) -> None:
    """Stores that know no If-Match answer all the same."""
    if found["size"] != file.size or _bare(found["e_tag"]) not in ("", file.etag):
        raise FetchError(Reason.VERSION_CHANGED, f"{what}: changed while it was being fetched")


def _bare(etag: str | None) -> str:
    """Without quotes: Azure's listing has none, and its answers do. A weak one is none: it says nothing of bytes."""
    return "" if not etag or etag.startswith("W/") else etag.strip('"')

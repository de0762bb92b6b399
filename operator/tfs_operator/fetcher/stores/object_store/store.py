"""Models in an object store: `s3://`, `gs://`, `az://`."""

from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion, Source
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.core.threads import in_daemon_thread
from tfs_operator.fetcher.download.part_writer import PartWriter
from tfs_operator.fetcher.download.transfer import Transfer
from tfs_operator.fetcher.saved_model.version_listing import VersionListing
from tfs_operator.fetcher.stores.object_store.bucket import parse_bucket_uri
from tfs_operator.fetcher.stores.object_store.clients import Client, Settings, connect, secrets, settings
from tfs_operator.fetcher.stores.object_store.errors import explain
from tfs_operator.fetcher.stores.object_store.times import upload_ended

if TYPE_CHECKING:  # obstore has these for type checkers only
    from obstore import GetOptions, ObjectMeta

PART_SECONDS = 3600.0
"""For one part of 32 MiB; what has arrived by then is kept."""

_PAGE = 1000
_CHUNK = 512 << 10
"""Large enough to make Python's part small, small enough to be still in the processor's cache when it is written."""


def open_source(uri: str, storage: StoreAccess, _: Path) -> Source:
    """Opens a base path in a bucket. Raises FetchError(INVALID_SPEC)."""
    return ObjectSource(uri, storage)


class ObjectSource:
    """The Source of one base path in one bucket."""

    publishes_at_once = False

    def __init__(self, uri: str, storage: StoreAccess) -> None:
        self.uri = uri
        self._place = parse_bucket_uri(uri)
        self._storage = storage
        self._client: Client | None = None
        self._made_of: Settings | None = None

    async def versions(self) -> Mapping[int, RemoteVersion]:
        listing = VersionListing(self.uri)
        skipped = len(self._place.prefix) + 1 if self._place.prefix else 0
        with self._explained(self.uri):
            client = self._connected()
            async for page in client.list(self._place.prefix or None, chunk_size=_PAGE):
                for entry in page:
                    etag = _bare(entry["e_tag"])
                    modified = upload_ended(entry["last_modified"], entry["size"], etag)
                    listing.add(entry["path"][skipped:], entry["size"], etag, modified=modified)
        return listing.versions()

    async def download(self, version: RemoteVersion, into: Path, progress: Progress) -> None:
        what = f"{self.uri}: version {version.number}"
        if version.problem:
            raise FetchError(version.problem.reason, version.problem.message, retry=False)
        with self._explained(what):
            client = self._connected()
        folder = "/".join(filter(None, [self._place.prefix, version.folder]))

        def receive(file: RemoteFile, start: int, end: int, writer: PartWriter) -> Awaitable[None]:
            part = partial(self._receive, client, f"{folder}/{file.path}", f"{what}: {file.path}")
            return in_daemon_thread(lambda: part(file, start, end, writer), PART_SECONDS)

        await Transfer(what, receive, into, progress.add).run(version.files)

    def _receive(
        self, client: Client, key: str, what: str, file: RemoteFile, start: int, end: int, writer: PartWriter
    ) -> None:
        """In a thread of its own: through the event loop each chunk would cost twice the processor time."""
        options: GetOptions = {"range": (start, end)}
        if file.etag:
            options["if_match"] = f'"{file.etag}"'
        with self._explained(what):
            answer = client.get(key, options=options)
            _unchanged(file, answer.meta, what)
            for chunk in answer.stream(min_chunk_size=_CHUNK):
                writer.write(memoryview(chunk))

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
        """After an error new connections are made: an open one may lead to somebody else, as to a proxy that stood in
        while the store was away, who would answer the same for as long as it is used."""
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            self._client = None
            raise explain(error, what, secrets(self._made_of)) from None


def _unchanged(file: RemoteFile, found: "ObjectMeta", what: str) -> None:
    """Stores that know no If-Match answer all the same."""
    if found["size"] != file.size or _bare(found["e_tag"]) not in ("", file.etag):
        raise FetchError(Reason.VERSION_CHANGED, f"{what}: changed while it was being fetched")


def _bare(etag: str | None) -> str:
    """Without quotes: Azure's listing has none, and its answers do. A weak one is none: it says nothing of bytes."""
    return "" if not etag or etag.startswith("W/") else etag.strip('"')

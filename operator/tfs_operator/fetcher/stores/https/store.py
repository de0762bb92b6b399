"""`https://` and `http://` archives: `.tar.gz`, `.tgz`, `.zip`."""

import base64
import binascii
import logging
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

import aiohttp

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.archives.backend import Blob
from tfs_operator.fetcher.archives.bundle import Bundle
from tfs_operator.fetcher.archives.unpack import Packing
from tfs_operator.fetcher.core.errors import FetchError, invalid_uri, split_address
from tfs_operator.fetcher.core.source import Source
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.download.transfer import Tuning
from tfs_operator.fetcher.http.client import HttpClient
from tfs_operator.fetcher.http.errors import TRANSIENT
from tfs_operator.fetcher.http.ranges import ranged
from tfs_operator.fetcher.http.retry import Retry, with_retries

_PACKINGS = {".tar.gz": Packing.TAR_GZIP, ".tgz": Packing.TAR_GZIP, ".zip": Packing.ZIP}
_HEAD_REFUSED = (*(status for status in range(400, 500) if status not in TRANSIENT), 501)
"""After these GET is tried: an address may be signed for it alone, a server may not know HEAD, and only GET tells
why."""

_SINGLE = Tuning(streams=1, part_bytes=1 << 62)
"""For a server that knows no ranges: it would send the whole archive on every stream."""

logger = logging.getLogger(__name__)


def open_source(uri: str, storage: StoreAccess, work: Path) -> Source:
    """Opens an archive on a web server. Raises FetchError(INVALID_SPEC) for a name that is no archive's."""
    return Bundle(WebArchive(uri, storage), work)


class WebArchive:
    """The ArchiveBackend of one archive on a web server, which is its only blob."""

    roots: Sequence[str] = ("",)
    links_are_refused = True

    def __init__(self, uri: str, storage: StoreAccess) -> None:
        address = split_address(uri, uri)
        if not address.hostname:
            raise invalid_uri(uri, "has no host")
        if address.username or address.password:
            shown = uri.replace(address.netloc, address.hostname)
            raise invalid_uri(shown, "has credentials; put them into a Secret")
        packings = [packing for ending, packing in _PACKINGS.items() if address.path.lower().endswith(ending)]
        if not packings:
            raise invalid_uri(uri, f"is no archive; its path must end in {', '.join(_PACKINGS)}")
        self.uri = uri
        self.tuning = Tuning()
        self._packing = packings[0]
        self._storage = storage
        self._web = HttpClient(uri, storage)
        self._is_vague = False

    async def blobs(self) -> tuple[Blob, ...]:
        headers = authorization(self._storage)
        answer = await with_retries(Retry(), lambda: self._ask(headers), lambda: 0)
        size = _size(answer)
        if size is None:
            message = f"{self.uri}: the server does not say how large it is (no Content-Length)"
            raise FetchError(Reason.STORE_ERROR, message, retry=False)
        self.tuning = Tuning() if answer.headers.get("Accept-Ranges") == "bytes" or answer.status == 206 else _SINGLE
        mark = _mark(answer.headers)
        if not mark and not self._is_vague:
            self._is_vague = True
            logger.warning("%s: no ETag and no Last-Modified; a new archive is seen by its size only", self.uri)
        return (Blob(f"{self.uri} {mark} {size}", size, self._packing, vouched_sha256(answer.headers)),)

    async def read(self, blob: Blob, start: int, end: int) -> AsyncGenerator[memoryview, None]:
        def unchanged(answer: aiohttp.ClientResponse) -> bool:
            return blob.key == f"{self.uri} {_mark(answer.headers)} {blob.size}"

        headers = authorization(self._storage)
        async for data in ranged(self._web, self.uri, headers, (start, end), blob.size, unchanged):
            yield data

    async def close(self) -> None:
        await self._web.close()

    async def _ask(self, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """Headers only; the body is not read."""
        async with self._web.ask(self.uri, headers, method="HEAD", accept=_HEAD_REFUSED) as answer:
            if answer.status < 400 and answer.content_length is not None:
                return answer
        async with self._web.ask(self.uri, dict(headers) | {"Range": "bytes=0-0"}) as answer:
            return answer


def authorization(storage: StoreAccess) -> dict[str, str]:
    """Returns the header from the Secret: `username` and `password` (kubernetes.io/basic-auth), or `token`. Raises
    FetchError(CREDENTIALS_MISSING)."""
    if storage.credentials is None or storage.anonymous:
        return {}
    if storage.secret_is_missing():
        raise storage.credentials_missing("is missing or empty; it needs username and password, or token")
    token, user, password = (storage.secret_value(key) for key in ("token", "username", "password"))
    if token:
        return {"Authorization": f"Bearer {token}"}
    if not user or not password:
        raise storage.credentials_missing("needs the keys username and password, or the key token")
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def vouched_sha256(headers: Mapping[str, str]) -> str:
    """Returns the archive's SHA-256 in hex, where the server has it: as RFC 9530 writes it, as RFC 3230 did, or as
    artifact stores do. Empty where it has none."""
    for name in ("Repr-Digest", "Digest"):
        found = re.search(r"sha-256=:?([A-Za-z0-9+/]{43}=)", headers.get(name, ""), re.IGNORECASE)
        if found:
            return _hex(found.group(1))
    plain = headers.get("X-Checksum-Sha256", "").lower()
    return plain if re.fullmatch("[0-9a-f]{64}", plain) else ""


def _hex(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).hex()
    except binascii.Error:
        return ""


def _mark(headers: Mapping[str, str]) -> str:
    """What changes with the content. A proxy may make an ETag weak, which says the same here."""
    return headers.get("ETag", "").removeprefix("W/") or headers.get("Last-Modified", "")


def _size(answer: aiohttp.ClientResponse) -> int | None:
    if answer.status == 206:
        found = re.fullmatch("bytes [0-9]+-[0-9]+/([0-9]{1,18})", answer.headers.get("Content-Range", ""))
        return int(found.group(1)) if found else None
    return answer.content_length

"""`oci://REGISTRY/REPO[:TAG|@DIGEST]`: artifacts and images in a registry.

The protocol is a handful of requests, which are made here and not by oras-py: that library has no deadlines, sleeps
for minutes in a thread before it says that a registry cannot be reached, runs the credential helpers that a
configuration names, and neither resumes nor checks a blob.
"""

import hashlib
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.archives.backend import Blob
from tfs_operator.fetcher.archives.bundle import Bundle
from tfs_operator.fetcher.archives.errors import BadArchive
from tfs_operator.fetcher.core.errors import FetchError, invalid_uri, split_address
from tfs_operator.fetcher.core.source import Source
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.download.transfer import Tuning
from tfs_operator.fetcher.http.client import HttpClient, Page
from tfs_operator.fetcher.http.errors import Unauthorized
from tfs_operator.fetcher.http.ranges import ranged
from tfs_operator.fetcher.http.retry import Retry, with_retries
from tfs_operator.fetcher.stores.oci.auth import DOCKER_HUB, RegistryAuth
from tfs_operator.fetcher.stores.oci.manifest import MEDIA_TYPES, Manifest, blobs_of, chosen, read_manifest

_URI = re.compile(
    r"oci://(?P<host>[^/@]+)/(?P<repo>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>.+))?",
    re.ASCII,
)
_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_DIGEST_HEADER = "Docker-Content-Digest"


@dataclass(frozen=True)
class Reference:
    """A URI of a registry, taken apart."""

    host: str
    repo: str
    tag: str
    """Or digest."""


def parse_reference(uri: str) -> Reference:
    """Takes a URI apart; without a tag it is `latest`. Raises FetchError(INVALID_SPEC)."""
    found = _URI.fullmatch(uri)
    if found is None:
        raise invalid_uri(uri, "is not of the form oci://REGISTRY/REPO:TAG or oci://REGISTRY/REPO@sha256:…")
    host, repo, tag, digest = found.group("host", "repo", "tag", "digest")
    if digest and not _DIGEST.fullmatch(digest):
        raise invalid_uri(uri, "has a digest that is not sha256: and 64 hexadecimal digits")
    if host == DOCKER_HUB and "/" not in repo:
        repo = f"library/{repo}"
    return Reference(host, repo, digest or tag or "latest")


def open_source(uri: str, storage: StoreAccess, work: Path) -> Source:
    """Opens a tag of a repository. Raises FetchError(INVALID_SPEC)."""
    return Bundle(RegistryBackend(uri, storage), work)


class RegistryBackend:
    """The ArchiveBackend of one tag of one repository; its layers are the blobs. An image may hold a whole system
    besides its models."""

    roots: Sequence[str] = ("models/", "")
    links_are_refused = False
    tuning = Tuning()

    def __init__(self, uri: str, storage: StoreAccess) -> None:
        self.uri = uri
        self._reference = parse_reference(uri)
        self._web = HttpClient(uri, storage)
        self._base = _base(uri, self._reference, storage)
        is_plain = self._base.startswith("http:")
        self._auth = RegistryAuth(self._web, self._reference.host, is_plain=is_plain)
        self._digest = ""
        self._blobs: tuple[Blob, ...] = ()

    async def blobs(self) -> tuple[Blob, ...]:
        """Returns the layers; one HEAD request where the tag still stands for the same; that is not counted where pulls
        are."""
        digest = await self._resolve()
        if digest != self._digest or not digest:
            self._blobs = await self._layers(digest or self._reference.tag)
            self._digest = digest
        return self._blobs

    async def read(self, blob: Blob, start: int, end: int) -> AsyncGenerator[memoryview, None]:
        url = f"{self._base}/blobs/sha256:{blob.sha256}"
        headers = self._auth.headers
        try:
            async for data in ranged(self._web, url, headers, (start, end), blob.size, lambda _: True):
                yield data
            return
        except Unauthorized as problem:  # Comes before the first byte: the token has expired, or there was none.
            await self._auth.answer(problem, headers)
        async for data in ranged(self._web, url, self._auth.headers, (start, end), blob.size, lambda _: True):
            yield data

    async def close(self) -> None:
        await self._web.close()

    async def _resolve(self) -> str:
        """Empty where the registry does not say."""
        if _DIGEST.fullmatch(self._reference.tag):
            return self._reference.tag
        try:
            page = await self._manifest("HEAD", self._reference.tag)
        except FetchError as problem:
            if problem.reason is Reason.STORE_NOT_FOUND:
                return ""  # An answer to HEAD has no body; one to GET says what is not found.
            raise
        said = page.headers.get(_DIGEST_HEADER, "")
        return said if _DIGEST.fullmatch(said) else ""

    async def _layers(self, tag: str) -> tuple[Blob, ...]:
        try:
            manifest = await self._read_manifest(tag)
            if manifest.manifests:
                manifest = await self._read_manifest(chosen(manifest).digest)
            return blobs_of(manifest)
        except BadArchive as error:
            raise FetchError(Reason.ARCHIVE_REFUSED, f"{self.uri}: {error}", retry=False) from None

    async def _read_manifest(self, tag: str) -> Manifest:
        page = await self._manifest("GET", tag)
        found = f"sha256:{hashlib.sha256(page.body).hexdigest()}"
        if _DIGEST.fullmatch(tag) and found != tag:
            message = f"{self.uri}: the manifest {tag} has the digest {found}"
            raise FetchError(Reason.VERSION_CHANGED, message)
        return read_manifest(page.body)

    async def _manifest(self, method: str, tag: str) -> Page:
        used = self._auth.headers
        try:
            return await self._ask(method, tag)
        except Unauthorized as problem:
            await self._auth.answer(problem, used)
        return await self._ask(method, tag)

    async def _ask(self, method: str, tag: str) -> Page:
        headers = dict(self._auth.headers) | {"Accept": ", ".join(MEDIA_TYPES)}
        url = f"{self._base}/manifests/{tag}"
        return await with_retries(Retry(), lambda: self._web.read(url, headers, method=method), lambda: 0)


def _base(uri: str, reference: Reference, storage: StoreAccess) -> str:
    """Plain http is for a registry that storage.endpoint names as such; else it would be an unnoticed downgrade."""
    host = "registry-1.docker.io" if reference.host == DOCKER_HUB else reference.host
    scheme = "https"
    if storage.endpoint:
        endpoint = split_address(uri, storage.endpoint)
        if endpoint.netloc != reference.host or endpoint.scheme not in ("http", "https"):
            raise invalid_uri(uri, f"storage.endpoint must be http://{reference.host} or https://{reference.host}")
        scheme = endpoint.scheme
    return f"{scheme}://{host}/v2/{reference.repo}"

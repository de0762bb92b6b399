"""`hf://ORG/REPO[@REVISION]/path`: models on the Hugging Face Hub, or on a mirror of it."""

import re
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError, invalid_uri
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion, Source
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.core.threads import in_daemon_thread
from tfs_operator.fetcher.download.checksum import GIT_BLOB
from tfs_operator.fetcher.download.part_writer import streamed
from tfs_operator.fetcher.download.transfer import Transfer
from tfs_operator.fetcher.http.client import HttpClient
from tfs_operator.fetcher.http.errors import RequestContext, connection_error
from tfs_operator.fetcher.http.ranges import ranged
from tfs_operator.fetcher.saved_model.version_listing import VersionListing, version_number
from tfs_operator.fetcher.stores.huggingface.api import HubApi, HubFile

T = TypeVar("T")
PUBLIC = "https://huggingface.co"
TOKEN_KEY = "HF_TOKEN"
LIST_SECONDS = 90.0

_URI = re.compile(r"hf://([^/@]+/[^/@]+)(?:@(refs/(?:pr|convert)/[^/]+|[^/]+))?(?:/(.*))?")
_PARTS = re.compile(r"saved_model\.pb(txt)?|fingerprint\.pb|keras_metadata\.pb|(variables|assets|assets\.extra)/.*")
"""Of a SavedModel. A repository often has the same weights for other frameworks beside it."""


@dataclass(frozen=True)
class HubUri:
    """A URI of the hub, taken apart."""

    repo: str
    revision: str | None
    path: str


def parse_hub_uri(uri: str) -> HubUri:
    """Takes a URI apart. Raises FetchError(INVALID_SPEC)."""
    found = _URI.fullmatch(uri.rstrip("/"))
    if found is None:
        raise invalid_uri(uri, "is not of the form hf://ORG/REPO[@REVISION]/path")
    repo, revision, path = found.group(1), found.group(2), found.group(3) or ""
    if path and any(part in ("", ".", "..") for part in path.split("/")):
        raise invalid_uri(uri, "has an empty part, '.' or '..' in its path")
    return HubUri(repo, unquote(revision) if revision else None, path)


def open_source(uri: str, storage: StoreAccess, _: Path) -> Source:
    """Opens a folder of a repository. Raises FetchError(INVALID_SPEC)."""
    return HubSource(uri, storage)


class HubSource:
    """The Source of one folder of one repository. A listing is of one commit, and so is every file that is fetched
    after it."""

    publishes_at_once = True

    def __init__(self, uri: str, storage: StoreAccess) -> None:
        self.uri = uri
        self._place = parse_hub_uri(uri)
        self._storage = storage
        self._endpoint = (storage.endpoint or PUBLIC).rstrip("/")
        self._web = HttpClient(uri, storage)
        self._commit = ""
        self._versions: dict[int, RemoteVersion] = {}
        self._folders: dict[int, str] = {}

    async def versions(self) -> Mapping[int, RemoteVersion]:
        """Returns the versions; one request gets the commit, and only a new one is listed."""
        api = HubApi(
            RequestContext(self.uri, self._storage, self._endpoint.partition("://")[2]), self._endpoint, self._token()
        )
        commit = await self._ask(lambda: api.commit(self._place.repo, self._place.revision))
        if commit != self._commit:
            files = await self._ask(lambda: api.files(self._place.repo, commit, self._place.path))
            self._versions, self._folders = self._found(files)
            self._commit = commit
        return self._versions

    async def download(self, version: RemoteVersion, into: Path, progress: Progress) -> None:
        what = f"{self.uri}: version {version.number}"
        if version.problem:
            raise FetchError(version.problem.reason, version.problem.message, retry=False)
        if self._versions.get(version.number) != version:
            raise FetchError(Reason.VERSION_CHANGED, f"{what}: has changed on the hub since it was listed")
        read = partial(self._read, self._commit, self._folders[version.number])
        await Transfer(what, streamed(read), into, progress.add).run(version.files)

    async def close(self) -> None:
        await self._web.close()

    async def _read(
        self, commit: str, folder: str, file: RemoteFile, start: int, end: int
    ) -> AsyncGenerator[memoryview, None]:
        url = HubApi.address(self._endpoint, self._place.repo, commit, folder + file.path)
        token = self._token()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async for data in ranged(self._web, url, headers, (start, end), file.size, lambda _: True):
            yield data

    async def _ask(self, question: Callable[[], T]) -> T:
        try:
            return await in_daemon_thread(question, LIST_SECONDS)
        except TimeoutError as error:
            raise connection_error(
                RequestContext(self.uri, self._storage, self._endpoint.partition("://")[2]), error
            ) from None

    def _token(self) -> str | None:
        if self._storage.credentials is None or self._storage.anonymous:
            return None
        token = self._storage.secret_value(TOKEN_KEY)
        if token is None:
            raise self._storage.credentials_missing(f"is missing, or has no key {TOKEN_KEY}")
        return token

    def _found(self, files: Iterable[HubFile]) -> tuple[dict[int, RemoteVersion], dict[int, str]]:
        """Versions, and the folders of the repository that they lie in: "" or with a `/` at the end."""
        base = f"{self._place.path}/" if self._place.path else ""
        below = [(file.path[len(base) :], file) for file in files if file.path.startswith(base)]
        numbered = any(version_number(path.partition("/")[0]) is not None for path, _ in below)
        alone = not numbered and any(path.startswith("saved_model.pb") for path, _ in below)
        listing = VersionListing(self.uri)
        for path, file in below:
            if not alone or _PARTS.fullmatch(path):
                listing.add(f"1/{path}" if alone else path, file.size, f"{GIT_BLOB}{file.blob}", file.sha256)
        found = dict(sorted(listing.versions().items()))
        return found, {number: base if alone else f"{base}{version.folder}/" for number, version in found.items()}

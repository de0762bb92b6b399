"""Models that are copied from a claim into the pod: `pvc://CLAIM/path` with `storage.copy`.

The claim is mounted read-only into the fetcher alone, so what is deleted there does no harm to what is served.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchProblem, LocalFolder
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion, Source
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.core.threads import in_daemon_thread
from tfs_operator.fetcher.download.part_writer import PartWriter
from tfs_operator.fetcher.download.transfer import Transfer
from tfs_operator.fetcher.saved_model.folder_problems import no_versions, path_problem, unreadable
from tfs_operator.fetcher.saved_model.listing_budget import ListingBudget, entries_in
from tfs_operator.fetcher.saved_model.version_listing import MAX_FILES, VersionListing, version_number
from tfs_operator.fetcher.stores.claim.files import LeadsOut, chunks, files_below

LIST_SECONDS = 60.0
PART_SECONDS = 3600.0
"""For one part of 32 MiB, on a volume that hangs."""


def open_source(uri: str, storage: StoreAccess, _: Path) -> Source:
    """Opens a base path on a claim."""
    claim, _slash, path = uri.removeprefix("pvc://").rstrip("/").partition("/")
    return ClaimSource(uri, storage.claims / claim, path)


class ClaimSource:
    """The Source of one base path on one claim, which is mounted at `claim`."""

    publishes_at_once = False

    def __init__(self, uri: str, claim: Path, path: str) -> None:
        self.uri = uri
        self._claim = claim
        self._folder = LocalFolder(name="", uri=uri.rstrip("/"), base_path=str(claim / path))
        self._base = claim / path
        self._look: asyncio.Task[Mapping[int, RemoteVersion]] | None = None

    async def versions(self) -> Mapping[int, RemoteVersion]:
        """Returns what is there now. Of a volume that hangs one thread hangs, however often it is looked at."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(in_daemon_thread(self._list, None))
            self._look.add_done_callback(lambda look: look.cancelled() or look.exception())  # of one that nobody awaits
        try:
            return await asyncio.wait_for(asyncio.shield(self._look), LIST_SECONDS)
        except TimeoutError:
            cause = f"the volume has not answered for {LIST_SECONDS:.0f} s: is its server down?"
            raise FetchError(Reason.STORE_UNREACHABLE, f"{self.uri}: {cause}") from None

    async def download(self, version: RemoteVersion, into: Path, progress: Progress) -> None:
        what = f"{self.uri}: version {version.number}"
        if version.problem:
            raise FetchError(version.problem.reason, version.problem.message)

        async def receive(file: RemoteFile, start: int, end: int, writer: PartWriter) -> None:
            path = self._base / version.folder / file.path
            await in_daemon_thread(partial(self._copy, what, path, file, (start, end), writer), PART_SECONDS)

        await Transfer(what, receive, into, progress.add).run(version.files)

    async def close(self) -> None:
        if self._look is not None:
            self._look.cancel()

    def _list(self) -> Mapping[int, RemoteVersion]:
        listing, found = VersionListing(self.uri), dict[int, RemoteVersion]()
        budget = ListingBudget(self.uri, files=MAX_FILES, entries=MAX_FILES)
        for name in self._numbered(budget):
            problem = self._add(listing, name, budget)
            if problem is not None:
                number = version_number(name)
                assert number is not None
                found[number] = RemoteVersion(number, name, (), problem)
        try:
            return {**listing.versions(), **found}
        except FetchError as error:
            if error.reason is Reason.NO_VERSIONS and found:
                return found
            raise

    def _numbered(self, budget: ListingBudget) -> list[str]:
        try:
            names = [entry.name for entry in entries_in(self._base, budget) if not entry.name.startswith(".")]
        except OSError as error:
            raise _raised(unreadable(self._folder, error)) from None
        numbered = sorted(name for name in names if version_number(name) is not None)
        if not numbered:
            raise _raised(no_versions(self._folder, names))
        return numbered

    def _add(self, listing: VersionListing, name: str, budget: ListingBudget) -> FetchProblem | None:
        """Lists one version; returns what keeps it from being read, if anything does."""
        what, place = f"{self.uri}: version {name}", self._base / name
        try:
            if not place.is_dir():
                listing.add(name, place.stat().st_size, "")
                return None
            for file in files_below(place, self._claim, budget):
                listing.add(f"{name}/{file.path}", file.size, file.etag, modified=file.changed)
        except FileNotFoundError:  # it went meanwhile
            return None
        except OSError as error:
            return path_problem(what, Path(error.filename or place), error)
        except LeadsOut as link:
            message = f"{what}: the link {link} leads out of the claim, or to nothing: put the file itself there"
            return FetchProblem(reason=Reason.STORE_ERROR, message=message)
        return None

    def _copy(self, what: str, path: Path, file: RemoteFile, part: tuple[int, int], writer: PartWriter) -> None:
        """In a thread of its own."""
        reading = chunks(path, self._claim, file.etag, *part)
        try:
            for chunk in reading:
                writer.write(chunk)
        except (FileNotFoundError, LeadsOut):
            pass
        except OSError as error:
            raise _raised(path_problem(what, path, error)) from None
        if writer.position < part[1]:
            message = f"{what}: {file.path} changed, or was removed, while it was being copied"
            raise FetchError(Reason.VERSION_CHANGED, message)


def _raised(problem: FetchProblem) -> FetchError:
    return FetchError(problem.reason, problem.message)

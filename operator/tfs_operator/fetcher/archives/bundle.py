"""Versions inside archives: what has to be fetched whole before one knows what is in it.

An archive is fetched once for what it holds, and stays on the volume until all its versions have been unpacked, or
nobody has asked for one for a while; what it holds is remembered. A version that is wanted later fetches it again.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.archives.bad_archive import BadArchive
from tfs_operator.fetcher.archives.cache import Shelf
from tfs_operator.fetcher.archives.image_layers import overlay
from tfs_operator.fetcher.archives.layout import Placed, placed
from tfs_operator.fetcher.archives.limits import EntryKind, Limits
from tfs_operator.fetcher.archives.part import Depot, Part
from tfs_operator.fetcher.archives.unpack import Packed, extract, survey
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion
from tfs_operator.fetcher.core.threads import working
from tfs_operator.fetcher.download.download_log import DownloadLog
from tfs_operator.fetcher.download.part_writer import streamed
from tfs_operator.fetcher.download.partial_files import remove_others
from tfs_operator.fetcher.download.transfer import Transfer
from tfs_operator.fetcher.volume.disk import RESERVE_BYTES, allocated, free_bytes, is_full

LINGER_SECONDS = 300.0
"""How long an archive stays after its last use, for the next of its versions."""

logger = logging.getLogger(__name__)


class Bundle:
    """A Source. `work` is its own folder, on the volume of the versions and hidden from the model server."""

    def __init__(
        self, depot: Depot, work: Path, *, limits: Limits | None = None, linger: float = LINGER_SECONDS
    ) -> None:
        self.uri = depot.uri
        self._depot = depot
        self._work = work
        self._shelf = Shelf(work)
        self._limits = limits or Limits()
        self._linger = linger
        self._one_by_one = asyncio.Lock()
        self._parts: Sequence[Part] | None = None
        self._tree: dict[str, tuple[int, Packed]] = {}
        self._placed: dict[int, Placed] = {}
        self._unpacked: set[int] = set()
        self._downloads: list[Progress] = []
        """Every download that runs or waits for its turn: none of them has stalled while an archive arrives."""

        self._dropping: asyncio.TimerHandle | None = None

    async def versions(self) -> Mapping[int, RemoteVersion]:
        async with self._one_by_one:
            with self._in_use():
                await self._look()
        return {number: place.version for number, place in sorted(self._placed.items())}

    async def download(self, version: RemoteVersion, into: Path, progress: Progress) -> None:
        if version.problem:
            raise FetchError(version.problem.reason, version.problem.message, retry=False)
        self._downloads.append(progress)
        try:
            await self._download(version, into, progress)
        finally:
            self._downloads.remove(progress)

    async def _download(self, version: RemoteVersion, into: Path, progress: Progress) -> None:
        async with self._one_by_one:
            place = self._placed.get(version.number)
            if self._parts is None or place is None or place.version != version:
                message = f"{self.uri}: version {version.number} has changed in the store since it was listed"
                raise FetchError(Reason.VERSION_CHANGED, message)
            with self._in_use():
                await self._bring(place, into, progress)
                self._unpacked.add(version.number)

    async def close(self) -> None:
        """What is on the volume stays there, for the next process."""
        if self._dropping is not None:
            self._dropping.cancel()
        await self._depot.close()

    async def _look(self) -> None:
        """Asks what is there; fetches and looks into what is new."""
        parts = await self._depot.parts()
        if parts == self._parts:
            return
        self._parts = None
        await working(lambda _: self._shelf.keep_only(parts))
        self._tree = overlay([await self._content(part) for part in parts])
        self._placed = placed(self.uri, {path: packed for path, (_, packed) in self._tree.items()}, self._depot.roots)
        self._unpacked = set()
        self._parts = parts

    async def _content(self, part: Part) -> tuple[Packed, ...]:
        if part.packing is None:
            return (Packed(part.title, part.size, part.sha256),)
        known = await working(lambda _: self._shelf.catalogue(part))
        if known is None:
            archive = await self._archive(part)
            known = await working(lambda stop: self._survey(part, archive, stop))
        if isinstance(known, str):
            raise FetchError(Reason.ARCHIVE_REFUSED, f"{self.uri}: the archive is refused: {known}", retry=False)
        return known

    def _survey(self, part: Part, archive: Path, stop: threading.Event) -> tuple[Packed, ...] | str:
        assert part.packing is not None
        try:
            found = survey(archive, part.packing, self._limits, stop)
            if self._depot.links_are_refused:
                _refuse_links(found)
        except BadArchive as error:
            self._shelf.note(part, str(error))
            archive.unlink()
            return str(error)
        self._shelf.note(part, found)
        return found

    async def _archive(self, part: Part) -> Path:
        """The whole archive on the volume, fetched if it is not there."""
        archive = self._shelf.archive(part)
        if not archive.exists():
            arriving = self._shelf.arriving(part)
            self._check_room(part, arriving)
            file = RemoteFile("archive", part.size, sha256=part.sha256)
            with DownloadLog(self.uri, part.size, self._touch) as arrived:
                read = partial(self._read, {file.path: part})
                await Transfer(self.uri, streamed(read), arriving, arrived, self._depot.pace).run([file])
            self._shelf.put(part, arriving / file.path)
        return archive

    def _touch(self) -> None:
        for progress in self._downloads:
            progress.touch()

    async def _bring(self, place: Placed, into: Path, progress: Progress) -> None:
        """Plain files come straight from the store; what is in archives is unpacked after them."""
        assert self._parts is not None
        packed: dict[Part, dict[str, RemoteFile]] = {}
        plain: dict[RemoteFile, Part] = {}
        for file in place.version.files:
            part = self._parts[self._tree[place.prefix + file.path][0]]
            if part.packing is None:
                plain[file] = part
            else:
                packed.setdefault(part, {})[place.prefix + file.path] = file
        await self._bring_plain(place.version, plain, into, progress)
        for part, wanted in packed.items():
            await self._unpack(part, wanted, into, progress)

    async def _bring_plain(
        self, version: RemoteVersion, plain: Mapping[RemoteFile, Part], into: Path, progress: Progress
    ) -> None:
        if not plain:
            await working(lambda _: remove_others({file.path for file in version.files}, into))
            return
        read = partial(self._read, {file.path: part for file, part in plain.items()})
        what = f"{self.uri}: version {version.number}"
        await Transfer(what, streamed(read), into, progress.add, self._depot.pace).run(list(plain))

    async def _unpack(self, part: Part, wanted: Mapping[str, RemoteFile], into: Path, progress: Progress) -> None:
        archive, packing = await self._archive(part), part.packing
        assert packing is not None
        try:
            await working(lambda stop: extract(archive, packing, wanted, into, progress, stop))
        except BadArchive as error:
            archive.unlink()
            raise FetchError(Reason.ARCHIVE_REFUSED, f"{self.uri}: {error}; it is fetched again") from None

    def _read(
        self, parts: Mapping[str, Part], file: RemoteFile, start: int, end: int
    ) -> AsyncGenerator[memoryview, None]:
        return self._depot.read(parts[file.path], start, end)

    def _check_room(self, part: Part, arriving: Path) -> None:
        free = free_bytes(arriving)
        if part.size - allocated(arriving) + RESERVE_BYTES > free:
            cause = f"the archive has {part.size} bytes, and the pod's volume has {free} bytes free"
            raise FetchError(Reason.DISK_FULL, f"{self.uri}: {cause}; make the volume of the models larger")

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        """Keeps the archives while it lasts; they go at once when every version has been unpacked, else some time
        later. Errors of the volume become FetchErrors."""
        if self._dropping is not None:
            self._dropping.cancel()
        try:
            yield
        except OSError as error:
            reason = Reason.DISK_FULL if is_full(error) else Reason.STORE_ERROR
            raise FetchError(reason, f"{self.uri}: the pod's volume: {error.strerror or error}") from None
        finally:
            if self._parts is not None and self._unpacked.issuperset(self._placed):
                self._drop()
            else:
                self._dropping = asyncio.get_running_loop().call_later(self._linger, self._drop)

    def _drop(self) -> None:
        try:
            self._shelf.drop_archives()
        except OSError as error:
            logger.warning("%s: the archive cannot be removed: %s", self.uri, error.strerror)


def _refuse_links(found: Sequence[Packed]) -> None:
    for packed in found:
        if packed.kind is not EntryKind.FILE:
            raise BadArchive(f"the entry {packed.path!r} is a {packed.kind}, which is never unpacked")

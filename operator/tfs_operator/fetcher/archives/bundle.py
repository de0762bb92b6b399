"""Versions inside archives: what has to be fetched whole before one knows what is in it.

An archive is fetched once for what it holds, and stays on the volume until all its versions have been unpacked, or
none has been asked for for a while; what it holds is remembered. A version that is ordered later fetches it again.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.archives.backend import ArchiveBackend, Blob
from tfs_operator.fetcher.archives.cache import ArchiveCache
from tfs_operator.fetcher.archives.errors import BadArchive
from tfs_operator.fetcher.archives.image_layers import Layer, merge_layers
from tfs_operator.fetcher.archives.layout import VersionPlace, version_places
from tfs_operator.fetcher.archives.limits import ArchiveLimits, EntryKind
from tfs_operator.fetcher.archives.unpack import Packed, extract, survey
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion
from tfs_operator.fetcher.core.threads import in_stoppable_thread
from tfs_operator.fetcher.download.download_log import DownloadLog
from tfs_operator.fetcher.download.part_writer import streamed
from tfs_operator.fetcher.download.partial_files import remove_others
from tfs_operator.fetcher.download.transfer import Transfer
from tfs_operator.fetcher.volume.disk import RESERVE_BYTES, allocated, free_bytes, volume_error

LINGER_SECONDS = 300.0
"""How long an archive stays after its last use, for the next of its versions."""

logger = logging.getLogger(__name__)


class Bundle:
    """The Source of what lies in archives. `work` is its own folder, on the volume of the versions and hidden from the
    model server."""

    publishes_at_once = True

    def __init__(
        self,
        backend: ArchiveBackend,
        work: Path,
        *,
        limits: ArchiveLimits | None = None,
        linger: float = LINGER_SECONDS,
    ) -> None:
        self.uri = backend.uri
        self._backend = backend
        self._work = work
        self._cache = ArchiveCache(work)
        self._limits = limits or ArchiveLimits()
        self._linger = linger
        self._one_by_one = asyncio.Lock()
        self._blobs: Sequence[Blob] | None = None
        self._tree: dict[str, tuple[int, Packed]] = {}
        self._places: dict[int, VersionPlace] = {}
        self._unpacked: set[int] = set()
        self._downloads: list[Progress] = []
        """Every download that runs or waits for its turn: none of them has stalled while an archive arrives."""

        self._dropping: asyncio.TimerHandle | None = None

    async def versions(self) -> Mapping[int, RemoteVersion]:
        async with self._one_by_one:
            with self._in_use():
                await self._look()
        return {number: place.version for number, place in sorted(self._places.items())}

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
            place = self._places.get(version.number)
            if self._blobs is None or place is None or place.version != version:
                message = f"{self.uri}: version {version.number} has changed in the store since it was listed"
                raise FetchError(Reason.VERSION_CHANGED, message)
            with self._in_use():
                await self._bring(place, into, progress)
                self._unpacked.add(version.number)

    async def close(self) -> None:
        """Ends its connections; what is on the volume stays there, for the next process."""
        if self._dropping is not None:
            self._dropping.cancel()
        await self._backend.close()

    async def _look(self) -> None:
        """Asks what is there; fetches and looks into what is new."""
        blobs = await self._backend.blobs()
        if blobs == self._blobs:
            return
        self._blobs = None
        await in_stoppable_thread(lambda _: self._cache.keep_only(blobs))
        layers = await self._layers(blobs)
        self._tree, self._places = await in_stoppable_thread(lambda _: self._arranged(layers))
        self._unpacked = set()
        self._blobs = blobs

    async def _layers(self, blobs: Sequence[Blob]) -> list[Layer]:
        layers: list[Layer] = []
        entries = path_bytes = 0
        for blob in blobs:
            layers.append(await self._content(blob))
            entries += len(layers[-1])
            path_bytes += sum(len(packed.path.encode(errors="surrogatepass")) for packed in layers[-1])
            if entries > self._limits.layer_entries:
                raise self._refused(f"its layers have more than {self._limits.layer_entries} files together")
            if path_bytes > self._limits.layer_path_bytes:
                raise self._refused(f"the paths in its layers have more than {self._limits.layer_path_bytes} bytes")
        return layers

    def _arranged(self, layers: Sequence[Layer]) -> tuple[dict[str, tuple[int, Packed]], dict[int, VersionPlace]]:
        try:
            tree = merge_layers(layers)
        except BadArchive as error:
            raise self._refused(str(error)) from None
        return tree, version_places(self.uri, {path: packed for path, (_, packed) in tree.items()}, self._backend.roots)

    def _refused(self, cause: str) -> FetchError:
        message = f"{self.uri}: {cause}; make an image that has the models alone"
        return FetchError(Reason.ARCHIVE_REFUSED, message, retry=False)

    async def _content(self, blob: Blob) -> tuple[Packed, ...]:
        if blob.packing is None:
            return (Packed(blob.title, blob.size, blob.sha256),)
        known = await in_stoppable_thread(lambda _: self._cache.catalogue(blob))
        if known is None:
            archive = await self._archive(blob)
            known = await in_stoppable_thread(lambda stop: self._survey(blob, archive, stop))
        if isinstance(known, str):
            raise FetchError(Reason.ARCHIVE_REFUSED, f"{self.uri}: the archive is refused: {known}", retry=False)
        return known

    def _survey(self, blob: Blob, archive: Path, stop: threading.Event) -> tuple[Packed, ...] | str:
        assert blob.packing is not None
        try:
            found = survey(archive, blob.packing, self._limits, stop)
            if self._backend.links_are_refused:
                _refuse_links(found)
        except BadArchive as error:
            self._cache.note(blob, str(error))
            archive.unlink()
            return str(error)
        self._cache.note(blob, found)
        return found

    async def _archive(self, blob: Blob) -> Path:
        """The whole archive on the volume, fetched if it is not there."""
        archive = self._cache.archive(blob)
        if not archive.exists():
            arriving = self._cache.arriving(blob)
            self._check_room(blob, arriving)
            file = RemoteFile("archive", blob.size, sha256=blob.sha256)
            with DownloadLog(self.uri, blob.size, self._touch) as arrived:
                read = partial(self._read, {file.path: blob})
                await Transfer(self.uri, streamed(read), arriving, arrived, self._backend.tuning).run([file])
            self._cache.put(blob, arriving / file.path)
        return archive

    def _touch(self) -> None:
        for progress in self._downloads:
            progress.touch()

    async def _bring(self, place: VersionPlace, into: Path, progress: Progress) -> None:
        """Plain files come straight from the store; what is in archives is unpacked after them."""
        assert self._blobs is not None
        packed: dict[Blob, dict[str, RemoteFile]] = {}
        plain: dict[RemoteFile, Blob] = {}
        for file in place.version.files:
            blob = self._blobs[self._tree[place.prefix + file.path][0]]
            if blob.packing is None:
                plain[file] = blob
            else:
                packed.setdefault(blob, {})[place.prefix + file.path] = file
        await self._bring_plain(place.version, plain, into, progress)
        for blob, targets in packed.items():
            await self._unpack(blob, targets, into, progress)

    async def _bring_plain(
        self, version: RemoteVersion, plain: Mapping[RemoteFile, Blob], into: Path, progress: Progress
    ) -> None:
        if not plain:
            await in_stoppable_thread(lambda _: remove_others({file.path for file in version.files}, into))
            return
        read = partial(self._read, {file.path: blob for file, blob in plain.items()})
        what = f"{self.uri}: version {version.number}"
        await Transfer(what, streamed(read), into, progress.add, self._backend.tuning).run(list(plain))

    async def _unpack(self, blob: Blob, targets: Mapping[str, RemoteFile], into: Path, progress: Progress) -> None:
        archive, packing = await self._archive(blob), blob.packing
        assert packing is not None
        try:
            await in_stoppable_thread(lambda stop: extract(archive, packing, targets, into, progress, stop))
        except BadArchive as error:
            archive.unlink()
            raise FetchError(Reason.ARCHIVE_REFUSED, f"{self.uri}: {error}; it is fetched again") from None

    def _read(
        self, blobs: Mapping[str, Blob], file: RemoteFile, start: int, end: int
    ) -> AsyncGenerator[memoryview, None]:
        return self._backend.read(blobs[file.path], start, end)

    def _check_room(self, blob: Blob, arriving: Path) -> None:
        free = free_bytes(arriving)
        if blob.size - allocated(arriving) + RESERVE_BYTES > free:
            cause = f"the archive has {blob.size} bytes, and the pod's volume has {free} bytes free"
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
            raise volume_error(self.uri, error) from None
        finally:
            if self._blobs is not None and self._unpacked.issuperset(self._places):
                self._drop()
            else:
                self._dropping = asyncio.get_running_loop().call_later(self._linger, self._drop)

    def _drop(self) -> None:
        try:
            self._cache.drop_archives()
        except OSError as error:
            logger.warning("%s: the archive cannot be removed: %s", self.uri, error.strerror)


def _refuse_links(found: Sequence[Packed]) -> None:
    for packed in found:
        if packed.kind is not EntryKind.FILE:
            raise BadArchive(f"the entry {packed.path!r} is a {packed.kind}, which is never unpacked")

"""Installs one version: fetches it into its staging folder, checks it, and renames it into place, or shows none of
it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.formatting import in_bytes
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteVersion, Source
from tfs_operator.fetcher.core.threads import in_thread
from tfs_operator.fetcher.saved_model.checks import check_folder, check_listing
from tfs_operator.fetcher.sync.store_listing import StoreListing
from tfs_operator.fetcher.volume.disk import check_room, free_bytes, volume_error
from tfs_operator.fetcher.volume.staging import VersionFolders, remove

log = logging.getLogger(__name__)

_ASK_SECONDS = 0.5
_MOST_ASKED = 60
"""How often a server is asked whether it has unloaded a version whose folder is gone; it looks for it every second."""

PROGRESS_SECONDS = 10.0
STALL_SECONDS = 600.0
"""Sources have deadlines of their own; this one is for what they overlook."""


class Installer:
    """Installs the versions of one base path. `durable` puts every file on the disk before the version is seen: for a
    volume that outlives the machine."""

    def __init__(
        self,
        name: str,
        source: Source,
        listing: StoreListing,
        folders: VersionFolders,
        is_loaded: Callable[[int], Awaitable[bool]],
        *,
        durable: bool,
    ) -> None:
        """`is_loaded` asks the model server whether it has a version loaded."""
        self._name = name
        self._source = source
        self._listing = listing
        self._folders = folders
        self._is_loaded = is_loaded
        self._durable = durable

    async def install(self, version: RemoteVersion, progress: Progress) -> None:
        """Installs a version: on return it is in place. Raises FetchError; then, and when cancelled, what has arrived
        stays in the staging folder for the next attempt."""
        check_listing(self._source.uri, version)
        try:
            await in_thread(self._folders.check_own, version.number)
            staging = await in_thread(self._folders.staging, version.number)
            free = await in_thread(free_bytes, staging)
            await in_thread(check_room, self._source.uri, version, staging, free)
            await self._download(version, staging, progress)
            await in_thread(check_folder, self._source.uri, version, staging)
            await self._check_unchanged(version)
            await in_thread(self._folders.finish, version, durable=self._durable)
            await self._put_in_place(version)
        except OSError as error:
            raise volume_error(f"{self._source.uri}: version {version.number}", error) from None

    async def settle(self, version: RemoteVersion) -> None:
        """Lets a version that is in place outlive a loss of power, without having kept it waiting for the disk."""
        if self._durable:
            return
        try:
            await in_thread(self._folders.mark_durable, version.number, version)
        except OSError as error:
            log.warning("%s: version %s: cannot be synced to the disk: %s", self._name, version.number, error.strerror)

    async def _download(self, version: RemoteVersion, staging: Path, progress: Progress) -> None:
        what = f"{in_bytes(version.size)} in {len(version.files)} files"
        log.info("%s: version %s: fetching %s from %s", self._name, version.number, what, self._source.uri)
        work = asyncio.ensure_future(self._source.download(version, staging, progress))
        try:
            while not (await asyncio.wait({work}, timeout=PROGRESS_SECONDS))[0]:
                log.info("%s: version %s: %s", self._name, version.number, progress.line())
                self._check_stall(version, progress)
            work.result()
        finally:
            work.cancel()
            await asyncio.wait({work})

    def _check_stall(self, version: RemoteVersion, progress: Progress) -> None:
        if progress.idle_seconds > STALL_SECONDS:
            cause = f"nothing has arrived for {progress.idle_seconds:.0f} s, after {progress.line()}"
            message = f"{self._source.uri}: version {version.number}: {cause}"
            raise FetchError(Reason.STORE_UNREACHABLE, message)

    async def _check_unchanged(self, version: RemoteVersion) -> None:
        """A version is whole when it is the same before and after: an upload in progress is seen as a change."""
        listed = (await self._listing.refresh()).get(version.number)
        if listed == version:
            return
        cause = _difference(version, listed)
        advice = "an upload may be running; it is fetched again"
        message = f"{self._source.uri}: version {version.number} changed while it was fetched ({cause}); {advice}"
        raise FetchError(Reason.VERSION_CHANGED, message)

    async def _put_in_place(self, version: RemoteVersion) -> None:
        number = version.number
        if await in_thread(self._folders.publish, number):
            return
        if (await in_thread(self._folders.present)).get(number) == version:
            await in_thread(remove, self._folders.staging(number))
        else:
            await self._replace(number)

    async def _replace(self, number: int) -> None:
        """A server that has an unfit version loaded lets go of it once its folder is gone, and loads what comes
        instead; of a change within the folder it takes no notice."""
        hidden = await in_thread(self._folders.hide, number)
        try:
            await self._until_let_go(number)
        finally:
            await in_thread(self._folders.publish, number)
        await in_thread(remove, hidden)

    async def _until_let_go(self, number: int) -> None:
        for _ in range(_MOST_ASKED):
            if not await self._is_loaded(number):
                return
            await asyncio.sleep(_ASK_SECONDS)


def _difference(before: RemoteVersion, after: RemoteVersion | None) -> str:
    if after is None:
        return "it is not in the store any more"
    had, has = {file.path: file for file in before.files}, {file.path: file for file in after.files}
    different = sorted(path for path in had.keys() | has.keys() if had.get(path) != has.get(path))
    if not different:
        return f"its folder is {after.folder} now"
    path = different[0]
    what = "is new" if path not in had else "is gone" if path not in has else "is another"
    return f"{path} {what}" + (f", and {len(different) - 1} more" if len(different) > 1 else "")

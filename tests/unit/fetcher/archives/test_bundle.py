"""How long an archive stays on the volume, and what happens when there is no room for it."""

import asyncio
from pathlib import Path

import pytest

from testing.models.packing import ONE, TWO, tar_gz_bytes, tree
from tests.unit.fetcher.clock import Clock
from tests.unit.fetcher.site import Site, until
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.archives.bundle import Bundle
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.https.store import WebArchive


async def test_an_archive_goes_some_time_after_its_last_use(site: Site) -> None:
    site.server.files["/m.tgz"] = tar_gz_bytes(TWO)
    source = Bundle(WebArchive(f"{site.server.url}/m.tgz", StoreAccess()), site.folder / "work", linger=0.2)
    try:
        assert await site.download(source, 1) == ONE
        assert site.kept()
        await until(lambda: not site.kept())
    finally:
        await source.close()


async def test_the_archive_of_an_earlier_process_is_used_for_another_version(site: Site) -> None:
    site.server.files["/m.tgz"] = data = tar_gz_bytes(TWO)
    first = site.archive("/m.tgz")
    await site.download(first, 1)
    await first.close()
    await site.download(site.archive("/m.tgz"), 2)
    assert site.server.sent == len(data)


async def test_an_archive_that_does_not_fit_is_not_begun(site: Site) -> None:
    site.server.files["/m.tgz"] = tar_gz_bytes(ONE)
    site.server.claims = 10**16
    words = rf"the archive has {10**16} bytes, .* has \d+ bytes free; make the volume"
    with pytest.raises(FetchError, match=words) as caught:
        await site.archive("/m.tgz").versions()
    assert caught.value.reason is Reason.DISK_FULL
    assert not site.server.gets()


async def test_an_error_of_the_volume_is_said(site: Site) -> None:
    site.server.files["/m.tgz"] = tar_gz_bytes(ONE)
    (site.folder / "work").write_text("in the way")
    with pytest.raises(FetchError, match=r"m\.tgz: the pod's volume: Not a directory") as caught:
        await site.archive("/m.tgz").versions()
    assert caught.value.reason is Reason.STORE_ERROR


async def test_files_of_another_attempt_go(site: Site, tmp_path: Path) -> None:
    site.server.files["/m.tgz"] = tar_gz_bytes(ONE)
    into = site.folder / "into-1"
    (into / "variables").mkdir(parents=True)
    (into / "variables" / "variables.data-00001-of-00002").write_bytes(b"old")
    assert await site.download(site.archive("/m.tgz"), 1) == ONE
    assert tree(into) == ONE


class TestAnArchiveThatIsFetchedAgain:
    """Its bytes are not the version's, and so are in no report, but a download that brings them has not stalled."""

    async def test_within_a_download_is_a_sign_of_life(self, site: Site) -> None:
        site.server.files["/m.tgz"] = tar_gz_bytes(TWO)
        source = site.archive("/m.tgz")
        versions = await source.versions()
        site.drop_archives()
        clock = Clock()
        progress = Progress(versions[1].size, clock)
        clock.now += 3600.0
        site.server.stall_after = 200_000
        (site.folder / "into").mkdir()
        download = asyncio.create_task(source.download(versions[1], site.folder / "into", progress))
        await until(lambda: progress.idle_seconds == 0.0)
        assert progress.arrived == 0
        download.cancel()
        await asyncio.wait({download})

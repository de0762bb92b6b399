"""Versions on a claim, which are copied and never trusted to stay."""

import asyncio
import os
import shutil
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from testing.models.folder_source import content, publish, write
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError, ListingRefused
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.saved_model.listing_budget import ListingBudget
from tfs_operator.fetcher.stores.claim import store
from tfs_operator.fetcher.stores.claim.files import ClaimFile, files_below
from tfs_operator.fetcher.stores.claim.store import ClaimSource
from tfs_operator.fetcher.stores.uri import open_source

URI = "pvc://models/nets/mnist"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "claims" / "models" / "nets" / "mnist"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


@pytest.fixture
async def source(base: Path, tmp_path: Path) -> AsyncIterator[ClaimSource]:
    opened = open_source(f"{URI}/", StoreAccess(claims=tmp_path / "claims"), tmp_path / "work")
    assert isinstance(opened, ClaimSource)
    yield opened
    await opened.close()


async def copied(source: ClaimSource, number: int, into: Path) -> dict[str, bytes]:
    await source.download((await source.versions())[number], into, Progress(0))
    return content(into)


async def test_versions_are_listed_and_copied_as_they_are(source: ClaimSource, base: Path, into: Path) -> None:
    publish(base, 1)
    write(base / "002", {"saved_model.pb": "graph", "variables/data": b"x" * 3_000_000, "assets/empty": ""})
    write(base, {"README.md": "no version", ".tmp-3/saved_model.pb": "not yet"})
    versions = await source.versions()
    assert {number: version.folder for number, version in versions.items()} == {1: "1", 2: "002"}
    assert await copied(source, 2, into) == content(base / "002")


async def test_a_file_that_is_written_again_makes_another_version(source: ClaimSource, base: Path) -> None:
    publish(base, 1)
    before = await source.versions()
    assert await source.versions() == before
    later = time.time_ns() + 1
    os.utime(base / "1" / "saved_model.pb", ns=(later, later))
    assert (await source.versions())[1] != before[1]


async def test_a_copy_that_keeps_old_times_is_new_all_the_same(source: ClaimSource, base: Path) -> None:
    publish(base, 1)
    for path in content(base / "1"):
        os.utime(base / "1" / path, (1000.0, 1000.0))
    times = [file.modified for file in (await source.versions())[1].files]
    assert all(modified and modified > time.time() - 3600 for modified in times)


async def test_what_changes_while_it_is_copied_is_noticed(source: ClaimSource, base: Path, tmp_path: Path) -> None:
    publish(base, 1)
    version = (await source.versions())[1]
    publish(base, 1)
    os.utime(base / "1" / "saved_model.pb", (1000.0, 1000.0))
    with pytest.raises(FetchError, match=r"version 1: .* changed, or was removed, while") as raised:
        await source.download(version, tmp_path, Progress(0))
    assert raised.value.reason is Reason.VERSION_CHANGED


async def test_a_version_that_is_deleted_meanwhile(source: ClaimSource, base: Path, tmp_path: Path) -> None:
    publish(base, 1)
    version = (await source.versions())[1]
    shutil.rmtree(base / "1")
    with pytest.raises(FetchError, match="changed, or was removed"):
        await source.download(version, tmp_path, Progress(0))


class TestLinks:
    async def test_within_the_claim_are_followed(self, source: ClaimSource, base: Path, into: Path) -> None:
        publish(base.parent / "exports", 7)
        write(base / "2", {"saved_model.pb": "graph"})
        (base / "1").symlink_to("../exports/7")
        (base / "2" / "assets").symlink_to("../../exports/7/assets")
        (base / "2" / "again").symlink_to(".")
        assert await copied(source, 1, into) == content(base.parent / "exports" / "7")
        assert (await copied(source, 2, into)).keys() == {"saved_model.pb", "assets/words.txt"}

    @pytest.mark.parametrize("link", ["1", "1/assets", "1/secret"])
    async def test_out_of_it_are_not(self, link: str, source: ClaimSource, base: Path, tmp_path: Path) -> None:
        """The fetcher sees Secrets that the model server must not see."""
        write(tmp_path / "elsewhere", {"secret": "key", "saved_model.pb": "graph"})
        publish(base, 2)
        if "/" in link:
            write(base / "1", {"saved_model.pb": "graph"})
        (base / link).symlink_to(tmp_path / "elsewhere" / ("secret" if "secret" in link else ""))
        versions = await source.versions()
        problem = versions[1].problem
        assert problem
        assert "leads out of the claim" in problem.message
        assert versions[2].problem is None
        with pytest.raises(FetchError, match="leads out of the claim"):
            await source.download(versions[1], tmp_path, Progress(0))

    async def test_that_take_a_file_s_place_meanwhile_are_not(
        self, source: ClaimSource, base: Path, into: Path, tmp_path: Path
    ) -> None:
        publish(base, 1)
        version, path = (await source.versions())[1], base / "1" / "saved_model.pb"
        path.rename(tmp_path / "moved")
        path.symlink_to(tmp_path / "moved")
        with pytest.raises(FetchError, match="changed, or was removed"):
            await source.download(version, into, Progress(0))
        assert content(into).get("saved_model.pb", b"").strip(b"\0") == b""


class TestProblems:
    @pytest.mark.parametrize(
        ("files_there", "words"),
        [
            ({}, "the folder is empty"),
            ({"readme": "x"}, "no folder has a number for a name"),
            ({"saved_model.pb": "x"}, "lies right here"),
        ],
    )
    async def test_of_the_base_path(
        self, files_there: dict[str, str], words: str, source: ClaimSource, base: Path
    ) -> None:
        write(base, files_there)
        with pytest.raises(FetchError, match=words) as raised:
            await source.versions()
        assert raised.value.reason is Reason.NO_VERSIONS
        assert raised.value.message.startswith(URI)

    async def test_a_folder_that_is_not_there(self, source: ClaimSource, base: Path) -> None:
        shutil.rmtree(base)
        with pytest.raises(FetchError, match="there is no such folder: pvc://models/nets has no mnist"):
            await source.versions()

    async def test_a_file_in_a_version_s_place(self, source: ClaimSource, base: Path) -> None:
        write(base, {"1": "text"})
        problem = (await source.versions())[1].problem
        assert problem
        assert problem.reason is Reason.NO_SAVED_MODEL

    async def test_a_volume_that_hangs_hangs_one_thread(
        self, source: ClaimSource, base: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publish(base, 1)
        answers, asked = threading.Event(), list[Path]()

        def hang(folder: Path, claim: Path, budget: ListingBudget) -> Iterator[ClaimFile]:
            asked.append(folder)
            answers.wait()
            return files_below(folder, claim, budget)

        monkeypatch.setattr(store, "files_below", hang)
        monkeypatch.setattr(store, "LIST_SECONDS", 0.05)
        for _ in range(3):
            with pytest.raises(FetchError, match="the volume has not answered") as raised:
                await source.versions()
            assert raised.value.reason is Reason.STORE_UNREACHABLE
        assert len(asked) == 1
        monkeypatch.setattr(store, "LIST_SECONDS", 60.0)
        asyncio.get_running_loop().call_later(0.05, answers.set)
        assert (await source.versions()).keys() == {1}


async def test_a_claim_has_a_bound(source: ClaimSource, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all entries, also of folders that have nothing in them."""
    monkeypatch.setattr(store, "MAX_FILES", 5)
    publish(base, 1)
    assert (await source.versions()).keys() == {1}
    for number in range(4):
        (base / "1" / f"empty-{number}").mkdir()
    with pytest.raises(ListingRefused, match=f"{URI}/: has more than 5 entries"):
        await source.versions()

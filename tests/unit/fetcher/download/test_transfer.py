"""The engine on real files, with a store that is a dictionary: what arrives, what is asked for again."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.hidden_files import JOURNAL
from tfs_operator.fetcher.core.source import RemoteFile
from tfs_operator.fetcher.download.journal import Journal
from tfs_operator.fetcher.download.part_writer import streamed
from tfs_operator.fetcher.download.transfer import Transfer, Tuning

TUNING = Tuning(streams=3, part_bytes=1000, attempts=3, backoff_seconds=0.001)
CHUNK = 100


class MemoryStore:
    """A store in memory. `fault` is asked before each chunk, with the path and the offset, and may raise or change."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.contents = contents
        self.asked: list[tuple[str, int, int]] = []
        self.sent = 0
        self.fault: Callable[[str, int, bytes], bytes] = lambda path, at, chunk: chunk

    def files(self, *, md5: bool = True, sha256: bool = False) -> tuple[RemoteFile, ...]:
        return tuple(
            RemoteFile(
                path,
                len(content),
                hashlib.md5(content).hexdigest() if md5 else "",
                hashlib.sha256(content).hexdigest() if sha256 else "",
            )
            for path, content in sorted(self.contents.items())
        )

    async def read(self, file: RemoteFile, start: int, end: int) -> AsyncGenerator[memoryview, None]:
        self.asked.append((file.path, start, end))
        for at in range(start, end, CHUNK):
            await asyncio.sleep(0)
            chunk = self.fault(file.path, at, self.contents[file.path][at : min(at + CHUNK, end)])
            self.sent += len(chunk)
            yield memoryview(chunk)


@pytest.fixture
def store() -> MemoryStore:
    """Several parts, one part, less than a chunk, nothing."""
    sizes = {"variables/data-0": 10_050, "variables/data-1": 2_000, "saved_model.pb": 70, "assets/empty.txt": 0}
    return MemoryStore({path: os.urandom(size) for path, size in sizes.items()})


def _transfer(store: MemoryStore, into: Path, progress: Callable[[int], None] = lambda count: None) -> Transfer:
    return Transfer("s3://bucket/m: version 1", streamed(store.read), into, progress, TUNING)


def _found(folder: Path) -> dict[str, bytes]:
    """Every file but the journal, which stays until the version is in place."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != JOURNAL)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != JOURNAL)


@pytest.mark.parametrize(("md5", "sha256"), [(True, False), (False, False), (False, True)])
async def test_everything_arrives_and_nothing_else_is_left(
    store: MemoryStore, tmp_path: Path, md5: bool, sha256: bool
) -> None:
    counts: list[int] = []
    await _transfer(store, tmp_path, counts.append).run(store.files(md5=md5, sha256=sha256))
    assert _found(tmp_path) == store.contents
    assert sum(counts) == store.sent == 12_120


async def test_a_version_without_files_is_an_empty_folder(tmp_path: Path) -> None:
    await _transfer(MemoryStore({}), tmp_path).run(())
    assert _names(tmp_path) == []


async def test_a_cut_part_goes_on_where_it_was(store: MemoryStore, tmp_path: Path) -> None:
    cuts = {("variables/data-0", 2_300), ("variables/data-0", 2_400), ("variables/data-1", 0)}

    def cut(path: str, at: int, chunk: bytes) -> bytes:
        if (path, at) in cuts:
            cuts.remove((path, at))
            raise FetchError(Reason.STORE_UNREACHABLE, "the connection was cut")
        return chunk

    store.fault = cut
    await _transfer(store, tmp_path).run(store.files())
    assert _found(tmp_path) == store.contents
    assert not cuts
    assert store.sent == 12_120
    assert ("variables/data-0", 2_300, 3_000) in store.asked


async def test_a_part_without_a_byte_is_given_up_after_some_attempts(store: MemoryStore, tmp_path: Path) -> None:
    def refuse(path: str, at: int, chunk: bytes) -> bytes:
        raise FetchError(Reason.STORE_ERROR, "the store answers 503 SlowDown")

    store.fault = refuse
    with pytest.raises(FetchError, match="503 SlowDown"):
        await _transfer(store, tmp_path).run(store.files())
    assert max(store.asked.count(asked) for asked in store.asked) == TUNING.attempts


async def test_what_only_a_user_can_change_is_not_tried_again(store: MemoryStore, tmp_path: Path) -> None:
    def refuse(path: str, at: int, chunk: bytes) -> bytes:
        raise FetchError(Reason.ACCESS_DENIED, "no", retry=False)

    store.fault = refuse
    with pytest.raises(FetchError) as refused:
        await _transfer(store, tmp_path).run(store.files())
    assert refused.value.reason is Reason.ACCESS_DENIED
    assert len(store.asked) == len(set(store.asked))


async def test_a_second_run_asks_for_the_rest_only(store: MemoryStore, tmp_path: Path) -> None:
    running: list[asyncio.Task[None]] = []

    def interrupt(path: str, at: int, chunk: bytes) -> bytes:
        if (path, at) == ("variables/data-0", 5_500):
            running[0].cancel()
        return chunk

    store.fault = interrupt
    running.append(asyncio.create_task(_transfer(store, tmp_path).run(store.files())))
    with pytest.raises(asyncio.CancelledError):
        await running[0]
    before = store.sent
    assert (tmp_path / JOURNAL).exists()
    counts: list[int] = []
    await _transfer(store, tmp_path, counts.append).run(store.files())
    assert _found(tmp_path) == store.contents
    assert sum(counts) == 12_120
    # Sent, and not yet written down when it ended: at most one chunk a stream.
    assert store.sent <= 12_120 + TUNING.streams * CHUNK
    assert before > 4_000


async def test_a_file_that_changed_in_between_begins_again(store: MemoryStore, tmp_path: Path) -> None:
    def interrupt(path: str, at: int, chunk: bytes) -> bytes:
        if path == "saved_model.pb" and store.sent > 6_000:
            raise FetchError(Reason.ACCESS_DENIED, "no", retry=False)
        if (path, at) == ("variables/data-1", 1_900):
            raise FetchError(Reason.ACCESS_DENIED, "no", retry=False)
        return chunk

    store.fault = interrupt
    with pytest.raises(FetchError):
        await _transfer(store, tmp_path).run(store.files())
    store.fault = lambda path, at, chunk: chunk
    store.contents["variables/data-0"] = os.urandom(9_000)
    await _transfer(store, tmp_path).run(store.files())
    assert _found(tmp_path) == store.contents


async def test_files_of_an_earlier_listing_go(store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "file").write_bytes(b"x")
    (tmp_path / "variables").write_bytes(b"now a folder")
    (tmp_path / "saved_model.pb").mkdir()
    (tmp_path / "link").symlink_to("/etc/passwd")
    await _transfer(store, tmp_path).run(store.files())
    assert _found(tmp_path) == store.contents
    assert _names(tmp_path) == ["assets", "saved_model.pb", "variables"]


async def test_whole_files_without_a_journal_are_kept_by_their_checksum(store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "data-0").write_bytes(store.contents["variables/data-0"])
    (tmp_path / "variables" / "data-1").write_bytes(bytes(2_000))
    await _transfer(store, tmp_path).run(store.files())
    assert _found(tmp_path) == store.contents
    assert "variables/data-0" not in {path for path, _, _ in store.asked}


async def test_whole_files_without_a_journal_or_checksum_are_fetched(store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(bytes(70))
    await _transfer(store, tmp_path).run(store.files(md5=False))
    assert _found(tmp_path) == store.contents


async def test_what_is_whole_already_is_not_asked_for_again(store: MemoryStore, tmp_path: Path) -> None:
    """The version may have failed its checks, and be tried again."""
    files = store.files(md5=False)
    await _transfer(store, tmp_path).run(files)
    before = store.sent
    await _transfer(store, tmp_path).run(files)
    assert store.sent == before
    assert _found(tmp_path) == store.contents


async def test_a_journal_without_its_files_counts_for_nothing(store: MemoryStore, tmp_path: Path) -> None:
    files = store.files(md5=False)
    with Journal(tmp_path / JOURNAL, files) as record:
        for file in files:
            record.arrived(file, 0, file.size)
    await _transfer(store, tmp_path).run(files)
    assert _found(tmp_path) == store.contents


@pytest.mark.parametrize("sha256", [False, True])
async def test_damage_is_healed_by_a_second_download(store: MemoryStore, tmp_path: Path, sha256: bool) -> None:
    damaged: list[int] = []

    def damage(path: str, at: int, chunk: bytes) -> bytes:
        if (path, at) == ("variables/data-0", 4_200) and not damaged:
            damaged.append(at)
            return bytes(len(chunk))
        return chunk

    store.fault = damage
    await _transfer(store, tmp_path).run(store.files(sha256=sha256))
    assert _found(tmp_path) == store.contents


async def test_etags_that_are_no_checksums_are_found_out_by_one_file(store: MemoryStore, tmp_path: Path) -> None:
    """As with SSE-KMS: they look like an MD5."""
    files = tuple(RemoteFile(file.path, file.size, f"{index:032x}") for index, file in enumerate(store.files()))
    await _transfer(store, tmp_path).run(files)
    assert _found(tmp_path) == store.contents
    assert store.sent <= 12_120 + 70 + TUNING.streams * 1_000


async def test_another_content_than_the_store_vouches_for_is_refused(store: MemoryStore, tmp_path: Path) -> None:
    (big, *others) = store.files(sha256=True)[2:]
    wrong = RemoteFile(big.path, big.size, big.etag, "0" * 64)
    with pytest.raises(FetchError, match=r"variables/data-0 has the SHA-256 .*, and the store says 0000") as refused:
        await _transfer(store, tmp_path).run([wrong, *others])
    assert refused.value.reason is Reason.VERSION_CHANGED


async def test_a_folder_that_cannot_be_written(store: MemoryStore) -> None:
    """No user, not even root, makes a file there."""
    with pytest.raises(FetchError, match="the pod's volume: "):
        await _transfer(store, Path("/proc/self")).run(store.files())


@pytest.mark.parametrize("moment", range(0, 12_000, 1_500))
async def test_cancelled_at_any_moment_it_is_resumed(store: MemoryStore, tmp_path: Path, moment: int) -> None:
    running: list[asyncio.Task[None]] = []

    def interrupt(path: str, at: int, chunk: bytes) -> bytes:
        if store.sent >= moment:
            running[0].cancel()
        return chunk

    store.fault = interrupt
    running.append(asyncio.create_task(_transfer(store, tmp_path).run(store.files())))
    with pytest.raises(asyncio.CancelledError):
        await running[0]
    store.fault = lambda path, at, chunk: chunk
    await _transfer(store, tmp_path).run(store.files())
    assert _found(tmp_path) == store.contents

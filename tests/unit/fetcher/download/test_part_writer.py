"""Where bytes go: in order, never beyond the part, and not at all once the writer is closed."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.source import RemoteFile
from tfs_operator.fetcher.core.threads import Stopped
from tfs_operator.fetcher.download.journal import Journal
from tfs_operator.fetcher.download.part_writer import PartWriter
from tfs_operator.fetcher.download.partial_files import PartialFile

CONTENT = bytes(range(100))
FILE = RemoteFile("file", len(CONTENT), hashlib.md5(CONTENT).hexdigest())


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / ".transfer", [FILE]) as journal:
        yield journal


@pytest.fixture
def partial_file(tmp_path: Path) -> PartialFile:
    return PartialFile(FILE, tmp_path)


def test_chunks_follow_each_other_and_are_written_down(partial_file: PartialFile, record: Journal) -> None:
    writer = PartWriter("m", partial_file, (10, 40), record)
    writer.write(memoryview(CONTENT[10:20]))
    writer.write(memoryview(CONTENT[20:25]))
    writer.close()
    assert partial_file.path.read_bytes() == bytes(10) + CONTENT[10:25]
    assert record.ranges(FILE) == [(10, 25)]
    with pytest.raises(FetchError, match="file: the store ends early, at 25 of 40"):
        writer.check_whole()


def test_the_whole_file_in_order_needs_no_second_reading(partial_file: PartialFile, record: Journal) -> None:
    writer = PartWriter("m", partial_file, (0, 100), record)
    for at in range(0, 100, 10):
        writer.write(memoryview(CONTENT[at : at + 10]))
    writer.close()
    writer.check_whole()
    assert partial_file.checksum is not None
    assert (partial_file.checksum.position, partial_file.checksum.hexdigest()) == (100, FILE.etag)


def test_once_closed_nothing_is_written(partial_file: PartialFile, record: Journal) -> None:
    """A thread that was stuck in a read may come late."""
    writer = PartWriter("m", partial_file, (0, 100), record)
    writer.write(memoryview(CONTENT[:10]))
    writer.close()
    with pytest.raises(Stopped):
        writer.write(memoryview(CONTENT[10:20]))
    assert partial_file.path.read_bytes() == CONTENT[:10]
    assert record.ranges(FILE) == [(0, 10)]


def test_a_store_that_sends_too_much_is_refused(partial_file: PartialFile, record: Journal) -> None:
    writer = PartWriter("m", partial_file, (0, 10), record)
    with pytest.raises(FetchError, match="sends more than was asked for") as raised:
        writer.write(memoryview(CONTENT[:11]))
    writer.close()
    assert raised.value.reason is Reason.STORE_ERROR
    assert partial_file.path.read_bytes() == b""

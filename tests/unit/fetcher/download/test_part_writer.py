"""Where bytes go: in order, never beyond the part, and not at all once nobody waits for them."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.source import RemoteFile
from tfs_operator.fetcher.core.threads import Stopped
from tfs_operator.fetcher.download.journal import Journal
from tfs_operator.fetcher.download.part_writer import Sink
from tfs_operator.fetcher.download.partial_files import Incoming

CONTENT = bytes(range(100))
FILE = RemoteFile("file", len(CONTENT), hashlib.md5(CONTENT).hexdigest())


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / ".transfer", [FILE]) as journal:
        yield journal


@pytest.fixture
def incoming(tmp_path: Path) -> Incoming:
    return Incoming(FILE, tmp_path)


def test_chunks_follow_each_other_and_are_written_down(incoming: Incoming, record: Journal) -> None:
    sink = Sink("m", incoming, (10, 40), record)
    sink.write(memoryview(CONTENT[10:20]))
    sink.write(memoryview(CONTENT[20:25]))
    sink.close()
    assert incoming.path.read_bytes() == bytes(10) + CONTENT[10:25]
    assert record.spans(FILE) == [(10, 25)]
    with pytest.raises(FetchError, match="file: the store ends early, at 25 of 40"):
        sink.check_whole()


def test_the_whole_file_in_order_needs_no_second_reading(incoming: Incoming, record: Journal) -> None:
    sink = Sink("m", incoming, (0, 100), record)
    for at in range(0, 100, 10):
        sink.write(memoryview(CONTENT[at : at + 10]))
    sink.close()
    sink.check_whole()
    assert incoming.checksum is not None
    assert (incoming.checksum.position, incoming.checksum.hexdigest()) == (100, FILE.etag)


def test_once_closed_nothing_is_written(incoming: Incoming, record: Journal) -> None:
    """A thread that was stuck in a read may come late."""
    sink = Sink("m", incoming, (0, 100), record)
    sink.write(memoryview(CONTENT[:10]))
    sink.close()
    with pytest.raises(Stopped):
        sink.write(memoryview(CONTENT[10:20]))
    assert incoming.path.read_bytes() == CONTENT[:10]
    assert record.spans(FILE) == [(0, 10)]


def test_a_store_that_sends_too_much_is_refused(incoming: Incoming, record: Journal) -> None:
    sink = Sink("m", incoming, (0, 10), record)
    with pytest.raises(FetchError, match="sends more than was asked for") as raised:
        sink.write(memoryview(CONTENT[:11]))
    sink.close()
    assert raised.value.reason is Reason.STORE_ERROR
    assert incoming.path.read_bytes() == b""

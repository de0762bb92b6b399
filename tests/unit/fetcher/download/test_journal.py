"""What one process writes down is what the next one reads, wherever the first was killed."""

from pathlib import Path

import pytest

from tfs_operator.fetcher.core import boot
from tfs_operator.fetcher.core.hidden_files import JOURNAL
from tfs_operator.fetcher.core.source import RemoteFile
from tfs_operator.fetcher.download.journal import Journal

BIG = RemoteFile("variables/big", 100, "e1")
SMALL = RemoteFile("saved_model.pb", 10, "e2")
FILES = (SMALL, BIG)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a journal after a first attempt."""
    path = tmp_path / JOURNAL
    with Journal(path, FILES) as first:
        first.arrived(BIG, 0, 40)
        first.arrived(BIG, 60, 80)
        first.arrived(SMALL, 0, 10)
        first.verified(SMALL)
    return path


def test_a_second_attempt_knows_what_arrived(path: Path) -> None:
    for _ in range(2):
        with Journal(path, FILES) as again:
            assert again.ranges(BIG) == [(0, 40), (60, 80)]
            assert (again.is_verified(SMALL), again.is_verified(BIG)) == (True, False)


def test_nothing_is_known_of_a_file_that_differs(path: Path) -> None:
    changed = RemoteFile(BIG.path, BIG.size, "e3")
    with Journal(path, (SMALL, changed)) as again:
        assert again.ranges(changed) == []
        assert again.ranges(SMALL) == [(0, 10)]


def test_files_may_move_in_the_listing(path: Path) -> None:
    with Journal(path, (RemoteFile("assets/new", 1), BIG)) as again:
        assert again.ranges(BIG) == [(0, 40), (60, 80)]


def test_what_was_forgotten_stays_so(path: Path) -> None:
    with Journal(path, FILES) as second:
        second.forget(SMALL)
    with Journal(path, FILES) as third:
        assert (third.ranges(SMALL), third.is_verified(SMALL)) == ([], False)


def test_it_may_end_anywhere(path: Path) -> None:
    """Never more than was written down, and never an error."""
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with Journal(path, FILES) as again:
            assert again.ranges(BIG) in ([], [(0, 40)], [(0, 40), (60, 80)])


def test_it_does_not_count_after_a_boot(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines may have reached the disk, and their bytes not."""
    other = tmp_path / "boot_id"
    other.write_text("another")
    monkeypatch.setattr(boot, "_BOOT_ID", other)
    with Journal(path, FILES) as again:
        assert again.ranges(BIG) == []


def test_without_a_boot_id_it_never_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boot, "_BOOT_ID", tmp_path / "none")
    path = tmp_path / JOURNAL
    with Journal(path, FILES) as first:
        first.arrived(BIG, 0, 40)
    with Journal(path, FILES) as again:
        assert again.ranges(BIG) == []


HEAD = b'{"boot":"%s","files":[["variables/big",100,"e1",""]]}\n' % boot.boot_id().encode()
DAMAGES = [
    b"",
    b"rubbish",
    b"{}\n",
    b'{"boot":1,"files":3}\n',
    b"\xff\xfe",
    b"[]\n[0,1]\n",
    b'{"files":[]}\n',
    b"[" * 100_000,
]
ENTRIES = [b"3\n", b'[0,"a","b"]\n', b"[0,1]\n", b"[7,1,2]\n", b"[[0],1,2]\n", b"[0,0,40]\n{}\n"]


@pytest.mark.parametrize("damage", [*DAMAGES, *(HEAD + entry for entry in ENTRIES)])
def test_one_that_makes_no_sense_is_none(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    with Journal(path, FILES) as again:
        assert again.ranges(BIG) == []

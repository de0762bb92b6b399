"""What is known of an archive outlives the archive; damage of the records costs a download and nothing else."""

from pathlib import Path

import pytest

from tfs_operator.fetcher.archives.cache import Catalogue, Shelf
from tfs_operator.fetcher.archives.limits import EntryKind
from tfs_operator.fetcher.archives.part import Part
from tfs_operator.fetcher.archives.unpack import Packed, Packing

PART = Part("etag 1", 5, Packing.ZIP)
OTHER = Part("etag 2", 5, Packing.ZIP)
HELD = (Packed("1/ä", 3, "abc"), Packed("1/l", 0, "", EntryKind.SYMLINK))


def put(shelf: Shelf, part: Part) -> None:
    file = shelf.arriving(part) / "archive"
    file.write_bytes(b"12345")
    shelf.put(part, file)


@pytest.mark.parametrize("catalogue", [HELD, (), "it is damaged"])
def test_what_an_archive_holds_is_remembered(catalogue: Catalogue, tmp_path: Path) -> None:
    Shelf(tmp_path).note(PART, catalogue)
    assert Shelf(tmp_path).catalogue(PART) == catalogue
    assert Shelf(tmp_path).catalogue(OTHER) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": "other"}', '{"key": "etag 1", "entries": [[1]]}', "\xff"])
def test_a_record_that_makes_no_sense_is_none(text: str, tmp_path: Path) -> None:
    Shelf(tmp_path).note(PART, HELD)
    (tmp_path / f"{PART.name}.json").write_text(text, "latin-1")
    assert Shelf(tmp_path).catalogue(PART) is None


def test_an_archive_is_there_when_it_is_whole(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "work")
    (shelf.arriving(PART) / "archive").write_bytes(b"123")
    assert not shelf.archive(PART).exists()
    put(shelf, PART)
    assert shelf.archive(PART).read_bytes() == b"12345"
    assert [path.name for path in (tmp_path / "work").iterdir()] == [PART.name]


def test_what_belongs_to_another_archive_goes(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for part in (PART, OTHER):
        put(shelf, part)
        shelf.note(part, HELD)
        shelf.arriving(part)
    shelf.keep_only([PART])
    assert sorted(path.name for path in tmp_path.iterdir()) == [PART.name, f"{PART.name}.json", f"{PART.name}.part"]


def test_archives_go_and_what_is_known_stays(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    put(shelf, PART)
    shelf.arriving(OTHER)
    shelf.note(PART, HELD)
    shelf.drop_archives()
    assert [path.name for path in tmp_path.iterdir()] == [f"{PART.name}.json"]


def test_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    Shelf(tmp_path / "none").keep_only([])
    Shelf(tmp_path / "none").drop_archives()

"""What is known of an archive outlives the archive; damage of the records costs a download and nothing else."""

from pathlib import Path

import pytest

from tfs_operator.fetcher.archives.backend import Blob
from tfs_operator.fetcher.archives.cache import ArchiveCache, Catalogue
from tfs_operator.fetcher.archives.limits import EntryKind
from tfs_operator.fetcher.archives.unpack import Packed, Packing

PART = Blob("etag 1", 5, Packing.ZIP)
OTHER = Blob("etag 2", 5, Packing.ZIP)
HELD = (Packed("1/ä", 3, "abc"), Packed("1/l", 0, "", EntryKind.SYMLINK))


def put(cache: ArchiveCache, blob: Blob) -> None:
    file = cache.arriving(blob) / "archive"
    file.write_bytes(b"12345")
    cache.put(blob, file)


@pytest.mark.parametrize("catalogue", [HELD, (), "it is damaged"])
def test_what_an_archive_holds_is_remembered(catalogue: Catalogue, tmp_path: Path) -> None:
    ArchiveCache(tmp_path).note(PART, catalogue)
    assert ArchiveCache(tmp_path).catalogue(PART) == catalogue
    assert ArchiveCache(tmp_path).catalogue(OTHER) is None


ENTRIES = ("[1]", '[1, 2, "a", "file"]', '["a", "2", "a", "file"]', '["a", 2, null, "file"]', '["a", 2, "a", "x"]')
TEXTS = ["", "{", "[]", '{"key": "other"}', "\xff", '{"key":' * 100_000]


@pytest.mark.parametrize("text", [*TEXTS, *(f'{{"key": "etag 1", "entries": [{each}]}}' for each in ENTRIES)])
def test_a_record_that_makes_no_sense_is_none(text: str, tmp_path: Path) -> None:
    ArchiveCache(tmp_path).note(PART, HELD)
    (tmp_path / f"{PART.name}.json").write_text(text, "latin-1")
    assert ArchiveCache(tmp_path).catalogue(PART) is None


def test_an_archive_is_there_when_it_is_whole(tmp_path: Path) -> None:
    cache = ArchiveCache(tmp_path / "work")
    (cache.arriving(PART) / "archive").write_bytes(b"123")
    assert not cache.archive(PART).exists()
    put(cache, PART)
    assert cache.archive(PART).read_bytes() == b"12345"
    assert [path.name for path in (tmp_path / "work").iterdir()] == [PART.name]


def test_what_belongs_to_another_archive_goes(tmp_path: Path) -> None:
    cache = ArchiveCache(tmp_path)
    for blob in (PART, OTHER):
        put(cache, blob)
        cache.note(blob, HELD)
        cache.arriving(blob)
    cache.keep_only([PART])
    assert sorted(path.name for path in tmp_path.iterdir()) == [PART.name, f"{PART.name}.json", f"{PART.name}.part"]


def test_archives_go_and_what_is_known_stays(tmp_path: Path) -> None:
    cache = ArchiveCache(tmp_path)
    put(cache, PART)
    cache.arriving(OTHER)
    cache.note(PART, HELD)
    cache.drop_archives()
    assert [path.name for path in tmp_path.iterdir()] == [f"{PART.name}.json"]


def test_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    ArchiveCache(tmp_path / "none").keep_only([])
    ArchiveCache(tmp_path / "none").drop_archives()

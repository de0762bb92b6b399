"""Archives are read whole and in order; what would leave the folder is refused, whatever packed it."""

import contextlib
import gzip
import io
import os
import random
import stat
import struct
import tarfile
import tempfile
import threading
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testing.models.packing import PACK, Files, tar_bytes, tar_entry, tar_gz_bytes, tree, zip_bytes
from tests.unit.fetcher.clock import Clock
from tfs_operator.fetcher.archives.errors import BadArchive
from tfs_operator.fetcher.archives.limits import ArchiveLimits, EntryKind
from tfs_operator.fetcher.archives.unpack import Packed, Packing, extract, survey
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteFile
from tfs_operator.fetcher.core.threads import Stopped

MODEL = {"1/saved_model.pb": b"graph", "1/variables/variables.index": b"", "1/assets/ö": os.urandom(700_000)}


DEFAULT_LIMITS = ArchiveLimits()


def surveyed(
    data: bytes, packing: Packing, tmp_path: Path, limits: ArchiveLimits = DEFAULT_LIMITS
) -> tuple[Packed, ...]:
    archive = tmp_path / "archive"
    archive.write_bytes(data)
    return survey(archive, packing, limits, threading.Event())


def unpacked(data: bytes, packing: Packing, tmp_path: Path) -> dict[str, bytes]:
    """All files of the archive, as they end up in a folder."""
    into = tmp_path / "into"
    into.mkdir()
    found = surveyed(data, packing, tmp_path)
    wanted = {file.path: RemoteFile(file.path, file.size, sha256=file.sha256) for file in found}
    extract(tmp_path / "archive", packing, wanted, into, Progress(0), threading.Event())
    return tree(into)


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_format_of_tar_is_read(tar_format: int, tmp_path: Path) -> None:
    long = {} if tar_format == tarfile.USTAR_FORMAT else {"1/" + "a/" * 90 + "n" * 200: b"long"}
    files = MODEL | {"1/" + "d" * 90 + "/" + "f" * 90: b"prefix"} | long
    assert unpacked(tar_bytes(files, tar_format=tar_format), Packing.TAR, tmp_path) == files


def test_a_gzipped_tar_is_read(tmp_path: Path) -> None:
    assert unpacked(tar_gz_bytes(MODEL), Packing.TAR_GZIP, tmp_path) == MODEL


def test_a_zip_is_read(tmp_path: Path) -> None:
    assert unpacked(zip_bytes(MODEL), Packing.ZIP, tmp_path) == MODEL


def test_names_are_cleaned(tmp_path: Path) -> None:
    assert unpacked(tar_bytes({"./1//saved_model.pb": b"x"}), Packing.TAR, tmp_path) == {"1/saved_model.pb": b"x"}


def test_only_what_is_asked_for_is_unpacked(tmp_path: Path) -> None:
    files = {"1/saved_model.pb": b"one", "2/saved_model.pb": b"two"}
    found = {file.path: file for file in surveyed(tar_gz_bytes(files), Packing.TAR_GZIP, tmp_path)}
    into = tmp_path / "into"
    into.mkdir()
    two = found["2/saved_model.pb"]
    wanted = {two.path: RemoteFile("saved_model.pb", two.size, sha256=two.sha256)}
    extract(tmp_path / "archive", Packing.TAR_GZIP, wanted, into, Progress(0), threading.Event())
    assert tree(into) == {"saved_model.pb": b"two"}


def test_a_whole_file_of_an_earlier_attempt_stays_and_a_broken_one_is_written_anew(tmp_path: Path) -> None:
    files = {"whole": b"same", "broken": b"right"}
    found = surveyed(tar_bytes(files), Packing.TAR, tmp_path)
    into = tmp_path / "into"
    into.mkdir()
    (into / "whole").write_bytes(b"same")
    (into / "broken").write_bytes(b"wrong")
    os.utime(into / "whole", (1, 1))
    wanted = {file.path: RemoteFile(file.path, file.size, sha256=file.sha256) for file in found}
    progress = Progress(100)
    extract(tmp_path / "archive", Packing.TAR, wanted, into, progress, threading.Event())
    assert tree(into) == files
    assert (into / "whole").stat().st_mtime == 1
    assert progress.arrived == 9


def test_modes_are_fixed_and_bits_such_as_setuid_are_dropped(tmp_path: Path) -> None:
    previous = os.umask(0o077)
    try:
        assert unpacked(zip_bytes({"a/b": b"x"}, mode=stat.S_IFREG | 0o6777), Packing.ZIP, tmp_path) == {"a/b": b"x"}
    finally:
        os.umask(previous)
    assert stat.S_IMODE((tmp_path / "into/a/b").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "into/a").stat().st_mode) == 0o755


BAD_NAMES = [
    ("/etc/passwd", "absolute"),
    ("../x", "leaves its folder"),
    ("1/../../x", "leaves its folder"),
    ("1\\..\\x", "backslash"),
    ("1/a\nb", "control character"),
    ("1/" + "n" * 256, "too long"),
]


@pytest.mark.parametrize(("name", "cause"), BAD_NAMES)
@pytest.mark.parametrize("packing", [Packing.TAR, Packing.ZIP])
def test_a_bad_name_is_refused(name: str, cause: str, packing: Packing, tmp_path: Path) -> None:
    data = tar_bytes({name: b"x"}) if packing is Packing.TAR else zip_bytes({name: b"x"})
    with pytest.raises(BadArchive, match=cause):
        surveyed(data, packing, tmp_path)


def test_a_name_with_a_nul_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match="control character"):
        surveyed(zip_bytes({"good\0/../bad": b"x"}), Packing.ZIP, tmp_path)


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    data = tar_bytes({"1/caf\udce9": b"x"}, tar_format=tarfile.GNU_FORMAT)
    with pytest.raises(BadArchive, match="no UTF-8"):
        surveyed(data, Packing.TAR, tmp_path)


KINDS = [
    (tarfile.SYMTYPE, EntryKind.SYMLINK),
    (tarfile.LNKTYPE, EntryKind.HARD_LINK),
    (tarfile.CHRTYPE, EntryKind.DEVICE),
    (tarfile.BLKTYPE, EntryKind.DEVICE),
    (tarfile.FIFOTYPE, EntryKind.FIFO),
    (b"?", EntryKind.OTHER),
]


@pytest.mark.parametrize(("member", "kind"), KINDS)
def test_whatever_is_no_file_is_noted_and_never_made(member: bytes, kind: EntryKind, tmp_path: Path) -> None:
    data = tar_bytes({"1/a": b"x"}, extra=[tar_entry("1/bad", member, "/etc/passwd")])
    found = {packed.path: packed for packed in surveyed(data, Packing.TAR, tmp_path)}
    assert found["1/bad"].kind is kind
    with pytest.raises(BadArchive, match=f"'1/bad' is a {kind}"):
        extract(
            tmp_path / "archive",
            Packing.TAR,
            {"1/bad": RemoteFile("bad", 0)},
            tmp_path,
            Progress(0),
            threading.Event(),
        )
    assert not os.path.lexists(tmp_path / "bad")


def test_a_link_in_a_zip_is_noted(tmp_path: Path) -> None:
    (found,) = surveyed(zip_bytes({"1": b"/etc"}, mode=stat.S_IFLNK | 0o777), Packing.ZIP, tmp_path)
    assert found.kind is EntryKind.SYMLINK


def twice(*names: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("names", "cause"),
    [(("a", "./a"), "twice"), (("a", "a/b"), "lies below 'a', which is a file"), (("a/b", "a"), "twice")],
)
def test_two_entries_of_one_name_are_refused(names: tuple[str, ...], cause: str, tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match=cause):
        surveyed(twice(*names), Packing.TAR, tmp_path)


def test_a_folder_may_be_listed_twice(tmp_path: Path) -> None:
    extra = [tar_entry("1", tarfile.DIRTYPE), tar_entry("1/", tarfile.DIRTYPE)]
    assert len(surveyed(tar_bytes({"1/a": b""}, extra=extra), Packing.TAR, tmp_path)) == 1


@pytest.mark.parametrize("packing", [Packing.TAR_GZIP, Packing.ZIP])
def test_a_bomb_is_refused_before_it_has_gone_off(packing: Packing, tmp_path: Path) -> None:
    zeros = {"1/zeros": bytes(40_000_000)}
    data = tar_gz_bytes(zeros) if packing is Packing.TAR_GZIP else zip_bytes(zeros)
    with pytest.raises(BadArchive, match="decompression bomb"):
        surveyed(data, packing, tmp_path, ArchiveLimits(ratio_from_bytes=1_000_000))


def test_a_bomb_of_headers_is_refused(tmp_path: Path) -> None:
    info = tar_entry("pax", tarfile.XGLTYPE)
    info.size = 50_000_000
    data = gzip.compress(info.tobuf(tarfile.USTAR_FORMAT) + bytes(info.size))
    with pytest.raises(BadArchive, match="decompression bomb"):
        surveyed(data, Packing.TAR_GZIP, tmp_path, ArchiveLimits(ratio_from_bytes=1_000_000))


def test_an_endless_name_is_not_read_into_memory(tmp_path: Path) -> None:
    info = tar_entry("././@LongLink", tarfile.GNUTYPE_LONGNAME)
    info.size = 200_000_000
    with pytest.raises(BadArchive, match="claims 200000000 bytes"):
        surveyed(info.tobuf(tarfile.GNU_FORMAT) + bytes(1_000_000), Packing.TAR, tmp_path)


LIMITS = [
    (ArchiveLimits(entries=3), "more than 3 entries"),
    (ArchiveLimits(path_bytes=4), "paths of its entries have more than 4 bytes"),
    (ArchiveLimits(file_bytes=99), "'b/c' has 100 bytes; the most is 99"),
    (ArchiveLimits(total_bytes=150), "more than 150 bytes"),
]


@pytest.mark.parametrize(("limits", "cause"), LIMITS)
def test_limits(limits: ArchiveLimits, cause: str, tmp_path: Path) -> None:
    data = zip_bytes({"a": bytes(60), "b/c": bytes(100), "b/d": b"", "e": b""})
    with pytest.raises(BadArchive, match=cause):
        surveyed(data, Packing.ZIP, tmp_path, limits)


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match="sparse"):
        surveyed(tar_bytes({}, extra=[tar_entry("1/a", tarfile.GNUTYPE_SPARSE)]), Packing.TAR, tmp_path)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    data = bytearray(zip_bytes({"a": b"x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BadArchive, match="encrypted"):
        surveyed(bytes(data), Packing.ZIP, tmp_path)


def test_another_method_of_packing_is_refused(tmp_path: Path) -> None:
    """LZMA takes as much memory as an archive asks for."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", b"x")
    with pytest.raises(BadArchive, match="deflate"):
        surveyed(buffer.getvalue(), Packing.ZIP, tmp_path)


@pytest.mark.parametrize("packing", list(Packing))
def test_an_archive_that_is_cut_off_is_refused(packing: Packing, tmp_path: Path) -> None:
    data = PACK[packing](MODEL)
    for length in (1, 700, len(data) // 2, len(data) - 11_000):
        with pytest.raises(BadArchive):
            surveyed(data[:length], packing, tmp_path)


@pytest.mark.parametrize("packing", [Packing.TAR_GZIP, Packing.ZIP])
def test_a_flipped_bit_in_the_content_is_noticed(packing: Packing, tmp_path: Path) -> None:
    noise = {"1/noise": random.Random(1).randbytes(100_000)}
    data = bytearray(tar_gz_bytes(noise) if packing is Packing.TAR_GZIP else zip_bytes(noise))
    data[50_000] ^= 1
    with pytest.raises(BadArchive, match="damaged"):
        surveyed(bytes(data), packing, tmp_path)


def test_a_damaged_header_is_not_taken_for_the_end(tmp_path: Path) -> None:
    data = bytearray(tar_bytes({"1/a": b"x", "1/b": b"y"}))
    second = data.index(b"1/b")
    data[second] ^= 1
    with pytest.raises(BadArchive, match="damaged"):
        surveyed(bytes(data), Packing.TAR, tmp_path)


def test_a_page_in_the_place_of_an_archive_is_refused(tmp_path: Path) -> None:
    for packing in Packing:
        with pytest.raises(BadArchive, match="archive"):
            surveyed(b"<html>Please log in</html>" * 100, packing, tmp_path)


def test_what_is_on_the_disk_is_compared_with_what_was_looked_at(tmp_path: Path) -> None:
    (found,) = surveyed(tar_bytes({"a": b"before"}), Packing.TAR, tmp_path)
    (tmp_path / "archive").write_bytes(tar_bytes({"a": b"behind"}))
    into = tmp_path / "into"
    into.mkdir()
    wanted = {"a": RemoteFile("a", found.size, sha256=found.sha256)}
    with pytest.raises(BadArchive, match="has changed"):
        extract(tmp_path / "archive", Packing.TAR, wanted, into, Progress(0), threading.Event())


def test_a_link_in_the_staging_folder_is_not_followed(tmp_path: Path) -> None:
    (found,) = surveyed(tar_bytes({"1/a": b"x"}), Packing.TAR, tmp_path)
    outside, into = tmp_path / "outside", tmp_path / "into"
    outside.mkdir()
    into.mkdir()
    (into / "1").symlink_to(outside)
    wanted = {"1/a": RemoteFile("1/a", 1, sha256=found.sha256)}
    with pytest.raises(BadArchive, match="link"):
        extract(tmp_path / "archive", Packing.TAR, wanted, into, Progress(0), threading.Event())
    assert tree(outside) == {}


def test_to_read_past_other_entries_is_a_sign_of_life(tmp_path: Path) -> None:
    found = surveyed(tar_bytes({"large": bytes(3_000_000), "last": b""}), Packing.TAR, tmp_path)
    clock = Clock()
    progress = Progress(0, clock)
    clock.now += 3600.0
    wanted = {"last": RemoteFile("last", 0, sha256=found[1].sha256)}
    extract(tmp_path / "archive", Packing.TAR, wanted, tmp_path, progress, threading.Event())
    assert progress.idle_seconds == 0.0


class Stopping(Progress):
    """Stops the work that it counts with its first bytes."""

    stop = threading.Event()

    def add(self, count: int) -> None:
        self.stop.set()


def test_unpacking_stops_when_told_to(tmp_path: Path) -> None:
    found = surveyed(tar_bytes({"a": bytes(3_000_000), "b": b""}), Packing.TAR, tmp_path)
    progress = Stopping(0)
    wanted = {file.path: RemoteFile(file.path, file.size, sha256=file.sha256) for file in found}
    with pytest.raises(Stopped):
        extract(tmp_path / "archive", Packing.TAR, wanted, tmp_path, progress, progress.stop)
    assert not (tmp_path / "b").exists()
    with pytest.raises(Stopped):
        survey(tmp_path / "archive", Packing.TAR, ArchiveLimits(), progress.stop)


def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    data = tar_bytes({"big": bytes(30_000_000)} | {f"small-{i}": b"x" for i in range(1000)})
    (tmp_path / "archive").write_bytes(data)
    del data
    tracemalloc.start()
    try:
        survey(tmp_path / "archive", Packing.TAR, ArchiveLimits(), threading.Event())
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


PARTS = st.sampled_from(["..", ".", "", "a", "b", "1", "A", "..a", "a..", "\\", "~", "C:", "\0", "\n", "ü"])
NAMES = st.lists(PARTS, min_size=1, max_size=5).map("/".join)


@settings(max_examples=200, deadline=None)
@given(names=st.lists(NAMES, min_size=1, max_size=5), pack=st.sampled_from([Packing.TAR, Packing.ZIP]))
def test_no_name_writes_outside(names: list[str], pack: Packing) -> None:
    files: Files = dict.fromkeys(names, b"x")
    if pack is Packing.TAR:
        files = {name.replace("\0", "_"): data for name, data in files.items() if name}
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder) / "a" / "b"
        inner.mkdir(parents=True)
        try:
            got = unpacked(tar_bytes(files) if pack is Packing.TAR else zip_bytes(files), pack, inner)
        except BadArchive:
            got = tree(inner / "into") if (inner / "into").exists() else {}
        everywhere = {path for path in tree(Path(folder)) if path != "a/b/archive"}
        assert everywhere == {f"a/b/into/{path}" for path in got}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_ends_in_words_or_in_the_same_content(data: st.DataObject) -> None:
    """Whatever byte is changed, no other exception than BadArchive comes out."""
    packing = data.draw(st.sampled_from(list(Packing)))
    packed = bytearray(PACK[packing]({"1/a": b"content", "1/ä" + "b" * 120: b"more"}))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(BadArchive):
        surveyed(bytes(packed), packing, Path(folder))


@pytest.mark.parametrize("size", [-1, -512, -(2**40)])
@pytest.mark.parametrize("kind", [tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK, tarfile.GNUTYPE_LONGNAME, tarfile.REGTYPE])
def test_a_negative_size_is_refused(kind: bytes, size: int, tmp_path: Path) -> None:
    """To read -1 bytes is to read all that follows into memory."""
    info = tar_entry("1/a", kind)
    info.size = size
    data = gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(10_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(BadArchive, match=f"claims a size of {size}|claims {size} bytes"):
            surveyed(data, Packing.TAR_GZIP, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_an_entry_that_lies_outside_of_the_zip_is_refused(tmp_path: Path) -> None:
    """Where no file can be so long, the file system itself refuses to go there, which is no fault of the volume."""
    data = bytearray(zip_bytes({"a": b"x"}))
    entry = data.index(b"PK\x01\x02")
    data[entry + 42 : entry + 46] = b"\xff" * 4
    extra = struct.pack("<HHQ", 1, 8, 2**62)
    data[entry + 30 : entry + 32] = len(extra).to_bytes(2, "little")
    data[entry + 47 : entry + 47] = extra
    end = data.index(b"PK\x05\x06")
    data[end + 12 : end + 16] = (end - entry).to_bytes(4, "little")
    with pytest.raises(BadArchive, match="outside"):
        surveyed(bytes(data), Packing.ZIP, tmp_path)


def test_a_long_name_does_not_make_a_long_message(tmp_path: Path) -> None:
    """The library repeats both of an entry's names, where they differ."""
    data = bytearray(zip_bytes({"n" * 5000: b"x"}))
    data[30] = ord("m")
    with pytest.raises(BadArchive, match="damaged") as refused:
        surveyed(bytes(data), Packing.ZIP, tmp_path)
    assert len(str(refused.value)) < 300

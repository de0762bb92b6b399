"""Whatever an archive holds, what is unpacked stays below its folder and within the limits; else it is a BadArchive."""

import gzip
import stat
import tarfile
import tempfile
import threading
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from testing.fuzzing.edges import edge, fuzzed, memory_below
from testing.fuzzing.readable import assert_readable
from testing.fuzzing.strategies import FLOODS, bodies, damaged
from testing.models.packing import PACK, tar_bytes, tar_entry, zip_bytes
from tfs_operator.fetcher.archives.backend import Blob
from tfs_operator.fetcher.archives.cache import ArchiveCache
from tfs_operator.fetcher.archives.errors import BadArchive
from tfs_operator.fetcher.archives.image_layers import merge_layers
from tfs_operator.fetcher.archives.layout import version_places
from tfs_operator.fetcher.archives.limits import ArchiveLimits
from tfs_operator.fetcher.archives.unpack import Packed, Packing, extract, survey
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteFile

LIMITS = ArchiveLimits(entries=50, path_bytes=5000, file_bytes=300_000, total_bytes=600_000, ratio_from_bytes=400_000)
MOST_MEMORY = 4 * 2**20
PARTS = st.sampled_from(["..", ".", "", "a", "A", "1", "saved_model.pb", ".wh.a", ".wh..wh..opq", "\\", "\n", "n" * 99])
NAMES = st.lists(PARTS, min_size=1, max_size=4).map("/".join).filter(bool)
CONTENTS = st.sampled_from([b"", b"graph", bytes(700), bytes(350_000)])
FILES = st.dictionaries(NAMES, CONTENTS, max_size=4)
SIZES = st.sampled_from([0, 1, 511, 512, 70_000, 2**33, -1, -512, -(2**40)])
KINDS = st.sampled_from(
    [
        *(tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE, b"?"),
        *(tarfile.XGLTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.GNUTYPE_SPARSE),
    ]
)


def header(name: str, kind: bytes, size: int, content: bytes) -> bytes:
    """One entry, whose header may claim anything."""
    info = tar_entry(name, kind, "../../target")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT, errors="surrogateescape") + content + bytes(-len(content) % 512)


TARS = st.lists(st.builds(header, NAMES, KINDS, SIZES, CONTENTS), max_size=4).map(b"".join)
ZIPS = st.builds(
    lambda files, mode: zip_bytes(files, mode=mode | 0o6777),
    FILES,
    st.sampled_from([0, stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO]),
)
VALID = {"1/saved_model.pb": b"graph", "1/variables/ä" + "b" * 120: bytes(2000), "2": b"x"}
ARCHIVES: dict[Packing, st.SearchStrategy[bytes]] = {
    Packing.TAR: TARS | FILES.map(tar_bytes) | damaged([PACK[Packing.TAR](VALID)]) | FLOODS,
    Packing.TAR_GZIP: (TARS | FLOODS).map(gzip.compress) | damaged([PACK[Packing.TAR_GZIP](VALID)]),
    Packing.ZIP: ZIPS | damaged([PACK[Packing.ZIP](VALID)]) | FLOODS,
}
PACKED = st.sampled_from(list(Packing)).flatmap(lambda packing: st.tuples(st.just(packing), ARCHIVES[packing]))


def unpacked(archive: Path, packing: Packing, into: Path) -> tuple[Packed, ...]:
    stop = threading.Event()
    found = survey(archive, packing, LIMITS, stop)
    targets = {each.path: RemoteFile(each.path, each.size, sha256=each.sha256) for each in found}
    extract(archive, packing, targets, into, Progress(0), stop)
    return found


@given(PACKED)
@fuzzed(800)
def test_archives(packed: tuple[Packing, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive, into = Path(folder, "archive"), Path(folder, "a", "into")
        archive.write_bytes(packed[1])
        into.mkdir(parents=True)
        with edge(f"archive: {packed[0]} (in a thread)", packed[1]):
            problem = refusal(archive, packed[0], into)
        assert_readable(problem, 1000)
        everywhere = [path for path in Path(folder).rglob("*") if path.is_symlink() or not path.is_dir()]
        assert {path for path in everywhere if not path.is_relative_to(into)} == {archive}
        assert all(path.is_file() and not path.is_symlink() for path in everywhere)
        assert sum(path.stat().st_size for path in everywhere) <= LIMITS.total_bytes + len(packed[1])
        assert len(everywhere) <= LIMITS.entries


@given(PACKED)
@fuzzed(100)
def test_memory_for_archives(packed: tuple[Packing, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "archive")
        archive.write_bytes(packed[1])
        with memory_below(MOST_MEMORY):
            refusal(archive, packed[0], Path(folder))


def refusal(archive: Path, packing: Packing, into: Path) -> str:
    try:
        unpacked(archive, packing, into)
    except BadArchive as error:
        return str(error)
    return ""


LAYERS = st.lists(st.lists(st.builds(Packed, NAMES, st.integers(0, 9), st.just("")), max_size=5), max_size=4)


@given(LAYERS, st.sampled_from([("",), ("models/", "")]))
@fuzzed(150)
def test_layers_of_images(layers: list[list[Packed]], roots: tuple[str, ...]) -> None:
    with edge("archive: layers of an image", layers):
        tree = merge_layers(layers)
        try:
            places = version_places("oci://r/m", {path: packed for path, (_, packed) in tree.items()}, roots)
        except FetchError as error:
            assert_readable(error.message, 2000)
            return
    for place in places.values():
        assert all(place.prefix + file.path in tree for file in place.version.files)
        assert place.version.problem or not any(".." in file.path.split("/") for file in place.version.files)


BLOB = Blob("etag 1", 5, Packing.ZIP)
CATALOGUES: list[Any] = [
    {"key": BLOB.key, "entries": [["1/a", 3, "ab", "file"], ["1/l", 0, "", "symbolic link"]]},
    {"key": BLOB.key, "refused": "it is damaged"},
]


@given(bodies(CATALOGUES))
@fuzzed(100)
def test_catalogues(body: bytes) -> None:
    """They lie on a volume that others may write to as well."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"{BLOB.name}.json").write_bytes(body)
        found = ArchiveCache(Path(folder)).catalogue(BLOB)
    assert found is None or isinstance(found, str) or all(isinstance(each, Packed) for each in found)

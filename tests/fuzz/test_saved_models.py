"""Whatever the files of a model hold, a version is whole or has an error for users."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from testing.fuzzing.edges import edge, fuzzed, memory_below
from testing.fuzzing.readable import assert_readable
from testing.fuzzing.strategies import FLOODS, damaged
from testing.models.graph_files import function, meta_graph, node, restore, saved_model
from testing.models.index_files import MAGIC, index_bytes, varint
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion
from tfs_operator.fetcher.saved_model.checks import GRAPH, INDEX, check_content
from tfs_operator.fetcher.saved_model.version_listing import VersionListing
from tfs_operator.fetcher.saved_model.warmup import WARMUP

VARIABLE = node("w", "VarHandleOp")
GRAPHS = [
    saved_model(meta_graph(VARIABLE, functions=[function(*restore("w"))], saver=True, assets=["words.txt", "../x"])),
    saved_model(meta_graph(*restore("w"), old_assets=["old.txt"], signature="serving_default")),
    saved_model(meta_graph(VARIABLE, collection="legacy_init_op"), meta_graph()),
]
INDICES = [index_bytes(2, [(0, 0, 400), (1, 0, 10), (0, 400, 24)]), index_bytes(1)]
RECORD = (5).to_bytes(8, "little") + b"crc." + b"value" + b"crc."
HANDLES = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 50, 2**26, 2**31, 2**63 - 1, 2**64 - 1])
FOOTERS = st.lists(HANDLES, min_size=4, max_size=4).map(lambda each: b"".join(map(varint, each)).ljust(40, b"\0")[:40])
"""Where the blocks of an index lie; they may be anywhere."""

MOST_MEMORY = 12 * 2**20
"""Several times the largest of the files here."""


def with_footer(index: bytes, footer: bytes) -> bytes:
    return index[:-48] + footer + MAGIC


FILES = st.fixed_dictionaries(
    {GRAPH: damaged(GRAPHS) | st.sampled_from(GRAPHS) | FLOODS},
    optional={
        INDEX: damaged(INDICES) | st.builds(with_footer, st.sampled_from(INDICES), FOOTERS) | FLOODS,
        "variables/variables.data-00000-of-00002": st.binary(max_size=9),
        "variables/variables.data-00001-of-00002": st.just(bytes(500)),
        WARMUP: damaged([RECORD * 3]) | FLOODS,
        "assets/words.txt": st.just(b"a b"),
    },
)


@given(FILES)
@fuzzed(400)
def test_contents(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for path, content in files.items():
            Path(folder, path).parent.mkdir(exist_ok=True)
            Path(folder, path).write_bytes(content)
        version = RemoteVersion(1, "1", tuple(RemoteFile(path, len(content)) for path, content in files.items()))
        with edge("SavedModel (in a thread)", files), memory_below(MOST_MEMORY):
            problem = refusal(version, Path(folder))
    assert_readable(problem, 2000)


def refusal(version: RemoteVersion, folder: Path) -> str:
    try:
        check_content("s3://models/m", version, folder)
    except FetchError as error:
        return error.message
    return ""


PARTS = ("1", "001", "2", "9" * 19, "9" * 70, "\u0661", "..", "", "a", "\udcff", "\n", GRAPH, ".transfer")
KEYS = st.lists(st.sampled_from(PARTS), max_size=4).map("/".join)
SIZES = st.sampled_from([0, 1, 2**40, 2**70])


@given(st.lists(st.tuples(KEYS, SIZES), max_size=8))
@fuzzed(200)
def test_listings(found: list[tuple[str, int]]) -> None:
    listing = VersionListing("s3://models/m")
    try:
        for key, size in found:
            listing.add(key, size, "etag")
        versions = listing.versions()
    except FetchError as error:
        assert_readable(error.message, 2000)
        return
    for number, version in versions.items():
        assert 0 <= number < 2**63
        assert len(version.content) == 16
        assert version.problem or all(_is_clean(file.path) for file in version.files)


def _is_clean(path: str) -> bool:
    parts = path.split("/")
    return not {"", ".", ".."} & set(parts) and path.isprintable() and path.encode() != b""

"""What an index promises, and what is no index."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing.models.index_files import MAGIC, index_bytes, varint, write_index
from tfs_operator.fetcher.saved_model.checkpoint_index import CheckpointIndex, DamagedIndex, read_index


def test_shards_and_how_long_each_has_to_be(tmp_path: Path) -> None:
    write_index(tmp_path / "i", 2, [(0, 0, 400), (1, 0, 10), (0, 400, 24), (1, 10, 0)])
    assert read_index(tmp_path / "i") == CheckpointIndex(2, (424, 10))


def test_a_shard_without_tensors_is_promised_all_the_same(tmp_path: Path) -> None:
    write_index(tmp_path / "i", 3)
    assert read_index(tmp_path / "i") == CheckpointIndex(3, (0, 0, 0))


def test_large_numbers(tmp_path: Path) -> None:
    write_index(tmp_path / "i", 1, [(0, 2**40, 2**35)])
    assert read_index(tmp_path / "i").lengths == (2**40 + 2**35,)


def with_handles(*numbers: int) -> bytes:
    """An index whose footer tells of other places."""
    return index_bytes(1)[:-48] + b"".join(map(varint, numbers)).ljust(40, b"\0")[:40] + MAGIC


def the_same_block_again_and_again() -> bytes:
    """A block that lists one and the same block a thousand times."""
    data = index_bytes(1)[:22]
    handle = varint(0) + varint(len(data) - 5)
    block = (varint(0) + varint(1) + varint(len(handle)) + b"k" + handle) * 1000 + bytes(4) + (1).to_bytes(4, "little")
    handles = varint(0) + varint(0) + varint(len(data)) + varint(len(block))
    return data + block + bytes(5) + handles.ljust(40, b"\0") + MAGIC


def test_keys_are_not_put_together(tmp_path: Path) -> None:
    """A hundred thousand of them that share one of 100 KB would be 10 GB to copy."""
    header = index_bytes(1)
    first = varint(0) + varint(0) + varint(6) + b"\x08\x01\x1a\x02\x08\x01"
    long = varint(0) + varint(100_000) + varint(0) + b"k" * 100_000
    shared = (varint(100_000) + varint(0) + varint(0)) * 100_000
    block = first + long + shared + bytes(4) + (1).to_bytes(4, "little")
    handle = varint(0) + varint(len(block))
    listing = varint(0) + varint(1) + varint(len(handle)) + b"\xff" + handle + bytes(4) + (1).to_bytes(4, "little")
    where = len(block) + 5
    handles = varint(0) + varint(0) + varint(where) + varint(len(listing))
    content = block + bytes(5) + listing + bytes(5) + handles.ljust(40, b"\0") + header[-8:]
    (tmp_path / "i").write_bytes(content)
    assert read_index(tmp_path / "i") == CheckpointIndex(1, (0,))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "fewer than any index"),
        (b"x" * 100, "does not end like"),
        (index_bytes(1)[:-1], "does not end like"),
        (index_bytes(0), "does not begin with a checkpoint's header"),
        (index_bytes(1, [(5, 0, 1)]), "cut or damaged"),
        (b"\xff" * 40 + MAGIC, "above 64 bits"),
        (with_handles(0, 0, 2**63, 1), "it is cut"),
        (with_handles(0, 0, 2**50, 1), "it is cut"),
        (with_handles(0, 0, 0, 2**40), "a block of"),
        (the_same_block_again_and_again(), "longer than the file"),
    ],
)
def test_damaged(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "i").write_bytes(content)
    with pytest.raises(DamagedIndex, match=message):
        read_index(tmp_path / "i")


@given(st.data())
def test_whatever_the_bytes_it_is_read_or_damaged(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(index_bytes(2, [(0, 0, 400), (1, 0, 10)]))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "any.index"
    path.write_bytes(content)
    with contextlib.suppress(DamagedIndex):
        assert read_index(path).shards > 0

"""Writes the index of a checkpoint, laid out as by TensorFlow; that itself is in the tests of the integration tier."""

from collections.abc import Sequence
from pathlib import Path

MAGIC = bytes.fromhex("57fb808b247547db")


def write_index(path: Path, shards: int, tensors: Sequence[tuple[int, int, int]] = ()) -> None:
    """`tensors` has shard, offset and size of each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(index_bytes(shards, tensors))


def index_bytes(shards: int, tensors: Sequence[tuple[int, int, int]] = ()) -> bytes:
    header = b"\x08" + varint(shards) + b"\x1a\x02\x08\x01"
    entries = [(b"", header)]
    entries += [(b"tensor/%05d" % n, _entry(*tensor)) for n, tensor in enumerate(tensors)]
    data = _block(entries)
    listing = _block([(b"\xff", varint(0) + varint(len(data)))])
    empty = _block([])
    blocks = _closed(data) + _closed(listing) + _closed(empty)
    where = len(_closed(data))
    handles = varint(where + len(_closed(listing))) + varint(len(empty)) + varint(where) + varint(len(listing))
    return blocks + handles.ljust(40, b"\0") + MAGIC


def varint(value: int) -> bytes:
    low = bytes([value & 0x7F | (0x80 if value > 0x7F else 0)])
    return low + varint(value >> 7) if value > 0x7F else low


def _entry(shard: int, offset: int, size: int) -> bytes:
    """BundleEntryProto: dtype, shape, shard_id, offset, size, crc32c."""
    shape = b"\x12\x04\x12\x02\x08\x05"
    numbers = b"\x18" + varint(shard) + b"\x20" + varint(offset) + b"\x28" + varint(size)
    return b"\x08\x01" + shape + numbers + b"\x35\x01\x02\x03\x04"


def _block(entries: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Keys share their beginning with the one before; one restart."""
    block, before = b"", b""
    for key, value in entries:
        shared = 0
        while shared < min(len(key), len(before)) and key[shared] == before[shared]:
            shared += 1
        block += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return block + bytes(4) + (1).to_bytes(4, "little")


def _closed(block: bytes) -> bytes:
    """Not compressed, and with a checksum that the reader leaves to the store."""
    return block + bytes(5)

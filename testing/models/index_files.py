"""Writes the index of a TensorFlow checkpoint, without TensorFlow, for made-up shards and tensors.

TensorFlow reads it, but not the tensors, whose own checksums are made up. Sources: tensorflow/core/lib/io/format.cc,
tensorflow/core/protobuf/tensor_bundle.proto.
"""

from collections.abc import Sequence
from pathlib import Path

MAGIC = bytes.fromhex("57fb808b247547db")


def write_index(path: Path, shards: int, tensors: Sequence[tuple[int, int, int]] = ()) -> None:
    """`tensors` has shard, offset and size (bytes) of each."""
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
    """BundleEntryProto: dtype (uint8), shape, shard_id, offset, size, crc32c."""
    dimension = b"\x08" + varint(size)
    shape = b"\x12" + varint(len(dimension)) + dimension
    numbers = b"\x18" + varint(shard) + b"\x20" + varint(offset) + b"\x28" + varint(size)
    return b"\x08\x04\x12" + varint(len(shape)) + shape + numbers + b"\x35\x01\x02\x03\x04"


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
    """With its trailer: one byte for "not compressed", and the checksum."""
    return block + b"\0" + _masked(_crc32c(block + b"\0")).to_bytes(4, "little")


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def _masked(crc: int) -> int:
    """A checksum of data that contains checksums is weak, so LevelDB stores them turned."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF

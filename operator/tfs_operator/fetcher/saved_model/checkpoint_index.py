"""Reads the index of a TensorFlow checkpoint (`variables.index`): which shards there are, and how long each has to be.

The index is a LevelDB-like table. Its first key is empty and has a BundleHeaderProto with the number of shards; each
other entry says which bytes of which shard a tensor takes. Sources: tensorflow/core/lib/io/format.cc and table.cc,
tensorflow/core/protobuf/tensor_bundle.proto, tensorflow/core/util/tensor_bundle/tensor_bundle.cc (never compressed).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tfs_operator.fetcher.saved_model.wire import DamagedMessage, read_varint

_MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
_FOOTER_BYTES = 48
_TRAILER_BYTES = 5
"""One byte that names the compression, and four of checksum, behind every block."""
_MAX_BLOCK_BYTES = 64 * 1024 * 1024
"""TensorFlow's own are 256 KiB and, for the block that lists the blocks, a little for each of them."""

_SHARDS, _SHARD, _OFFSET, _SIZE = 1, 3, 4, 5
"""Field numbers: BundleHeaderProto.num_shards; BundleEntryProto.shard_id, offset and size."""


class DamagedIndex(Exception):
    """The file is no index of a checkpoint, or is cut."""


@dataclass(frozen=True)
class CheckpointIndex:
    """What an index promises."""

    shards: int

    lengths: tuple[int, ...]
    """At least so many bytes has each shard, in their order."""


def read_index(path: Path) -> CheckpointIndex:
    """Reads an index, one block at a time. Raises DamagedIndex, and OSError where the file cannot be read."""
    with path.open("rb") as file:
        try:
            return _read(file)
        except DamagedMessage as error:
            raise DamagedIndex(str(error)) from None
        except (IndexError, ValueError, OverflowError):
            raise DamagedIndex("it is cut or damaged") from None


def _read(file: BinaryIO) -> CheckpointIndex:
    entries = _entries(file)
    is_named, header = next(entries, (True, b""))
    shards = _fields(header).get(_SHARDS, 0)
    if is_named or not 0 < shards < 100_000:
        raise DamagedIndex("it does not begin with a checkpoint's header")
    lengths = [0] * shards
    for _, value in entries:
        entry = _fields(value)
        shard = entry.get(_SHARD, 0)
        lengths[shard] = max(lengths[shard], entry.get(_OFFSET, 0) + entry.get(_SIZE, 0))
    return CheckpointIndex(shards, tuple(lengths))


def _entries(file: BinaryIO) -> Iterator[tuple[bool, bytes]]:
    """Whether the key is not empty, and the value, of each entry of the whole table, in order."""
    left = file.seek(0, 2)
    for _, handle in _block_entries(_block(file, *_index_handle(file))):
        offset, at = read_varint(handle, 0)
        size, _ = read_varint(handle, at)
        left -= size + _TRAILER_BYTES
        if left < 0:
            raise DamagedIndex("its blocks are longer than the file")
        yield from _block_entries(_block(file, offset, size))


def _index_handle(file: BinaryIO) -> tuple[int, int]:
    """Where the block lies that lists the blocks: the second handle of the footer."""
    end = file.seek(0, 2)
    if end < _FOOTER_BYTES:
        raise DamagedIndex(f"it has {end} bytes, fewer than any index")
    file.seek(end - _FOOTER_BYTES)
    footer = file.read(_FOOTER_BYTES)
    if footer[-8:] != _MAGIC:
        raise DamagedIndex("it does not end like a checkpoint's index")
    at = 0
    for _ in range(2):
        _, at = read_varint(footer, at)
    offset, at = read_varint(footer, at)
    size, _ = read_varint(footer, at)
    return offset, size


def _block(file: BinaryIO, offset: int, size: int) -> bytes:
    if size > _MAX_BLOCK_BYTES:
        raise DamagedIndex(f"it has a block of {size} bytes")
    if offset + size + _TRAILER_BYTES > file.seek(0, 2):
        raise DamagedIndex("it is cut")
    file.seek(offset)
    data = file.read(size + _TRAILER_BYTES)
    if len(data) < size + _TRAILER_BYTES:
        raise DamagedIndex("it is cut")
    if data[size]:
        raise DamagedIndex("it is compressed, which TensorFlow never does")
    return data[:size]


def _block_entries(block: bytes) -> Iterator[tuple[bool, bytes]]:
    """A key is given as the number of bytes that it shares with the one before, and its rest. It is not put together:
    only the first is looked at, and a million of them may share a mebibyte."""
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    if end < 0:
        raise DamagedIndex("it is cut or damaged")
    at = 0
    while at < end:
        shared, at = read_varint(block, at)
        rest, at = read_varint(block, at)
        length, at = read_varint(block, at)
        at += rest
        yield shared + rest > 0, block[at : at + length]
        at += length


def _fields(message: bytes) -> dict[int, int]:
    """The numbers among a protobuf message's fields; the last of each, as protobuf has it."""
    numbers: dict[int, int] = {}
    at = 0
    while at < len(message):
        tag, at = read_varint(message, at)
        match tag & 7:
            case 0:
                numbers[tag >> 3], at = read_varint(message, at)
            case 1:
                at += 8
            case 2:
                length, at = read_varint(message, at)
                at += length
            case 5:
                at += 4
            case kind:
                raise DamagedIndex(f"it has a field of the unknown kind {kind}")
    return numbers

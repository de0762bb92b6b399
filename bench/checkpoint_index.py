"""Writes the index of a TensorFlow checkpoint, without TensorFlow, for made-up shards of one tensor each.

A fetcher looks whether every shard is there that the index promises, so made-up versions need one. TensorFlow reads it,
too, but not the tensors, whose own checksums are left out.
Sources: tensorflow/core/lib/io/format.cc, tensorflow/core/protobuf/tensor_bundle.proto.
"""

from collections.abc import Iterable, Sequence

_MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
_UINT8 = 4
_BUNDLE_VERSION = 1


def checkpoint_index(shard_sizes: Sequence[int]) -> bytes:
    """The content of `variables.index`; sizes are in bytes."""
    keys = [b"", *(b"shard/%05d" % number for number in range(len(shard_sizes)))]
    values = [_header(len(shard_sizes)), *(_entry(number, size) for number, size in enumerate(shard_sizes))]
    data = _block(zip(keys, values, strict=True))
    nothing = _block([])
    at_nothing = _handle(len(data), nothing)
    blocks = _block([(keys[-1], _handle(0, data))])
    at_blocks = _handle(len(data) + len(nothing), blocks)
    return data + nothing + blocks + (at_nothing + at_blocks).ljust(40, b"\0") + _MAGIC


def _header(shards: int) -> bytes:
    version = _field(1, _BUNDLE_VERSION)
    return _field(1, shards) + _message(3, version)


def _entry(shard: int, size: int) -> bytes:
    shape = _message(2, _field(1, size))
    return _field(1, _UINT8) + _message(2, shape) + _field(3, shard) + _field(5, size)


def _field(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _block(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A block with its trailer. Every key is given whole, which the format allows."""
    body = b"".join(b"\0" + _varint(len(key)) + _varint(len(value)) + key + value for key, value in entries)
    body += (0).to_bytes(4, "little") + (1).to_bytes(4, "little")
    uncompressed = b"\0"
    return body + uncompressed + _masked(_crc32c(body + uncompressed)).to_bytes(4, "little")


def _handle(offset: int, block: bytes) -> bytes:
    trailer = 5
    return _varint(offset) + _varint(len(block) - trailer)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


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

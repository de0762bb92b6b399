"""Reads messages in protobuf's wire format from a file, field by field: memory is the same for a file of any size.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator
from typing import BinaryIO

Span = tuple[int, int]
"""Where a message, a string or bytes lie in the file: from, and up to and without."""

_HEAD_BYTES = 20
"""A tag and a length, of ten bytes each at the most."""

_TEXT_BYTES = 4096
_FIXED_BYTES = {1: 8, 5: 4}
_VARINT, _LENGTH = 0, 2


class DamagedMessage(Exception):
    """The file is cut, or is no message."""


class TooManyFields(Exception):
    """The file has more fields than are looked at."""


class MessageFile:
    """Reads one open file. `most_fields` bounds the time: some microseconds each."""

    def __init__(self, file: BinaryIO, most_fields: int) -> None:
        self._file = file
        self._left = most_fields

    @property
    def whole(self) -> Span:
        """Returns the span of the whole file."""
        return 0, self._file.seek(0, 2)

    def fields(self, message: Span) -> Iterator[tuple[int, Span]]:
        """Yields number and place of each string, bytes and message among a message's fields, in order; numbers are
        passed over. Raises DamagedMessage, TooManyFields and OSError."""
        at, end = message
        while at < end:
            number, kind, at, size = self._head(at, end)
            if at + size > end:
                raise DamagedMessage(f"it is cut: a field of {size} bytes begins {end - at} bytes before the end")
            if kind == _LENGTH:
                yield number, (at, at + size)
            at += size

    def strings(self, message: Span, number: int) -> Iterator[bytes]:
        """Yields the strings of one field; of very long ones the beginning."""
        return (self.text(span) for found, span in self.fields(message) if found == number)

    def text(self, span: Span) -> bytes:
        """Returns a string; of a very long one the beginning."""
        self._file.seek(span[0])
        return self._file.read(min(span[1] - span[0], _TEXT_BYTES))

    def _head(self, at: int, end: int) -> tuple[int, int, int, int]:
        """The number and kind of the field at `at`, where its content begins, and how many bytes that has."""
        self._left -= 1
        if self._left < 0:
            raise TooManyFields
        self._file.seek(at)
        head = self._file.read(min(_HEAD_BYTES, end - at))
        try:
            return _parsed(head, at)
        except IndexError:
            raise DamagedMessage("it is cut") from None


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Returns the number at `at`, and where it ends. Raises IndexError where the data end first, and DamagedMessage for
    a number above 64 bits."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise DamagedMessage("it has a number above 64 bits")


def _parsed(head: bytes, at: int) -> tuple[int, int, int, int]:
    tag, used = read_varint(head, 0)
    number, kind = tag >> 3, tag & 7
    if kind == _LENGTH:
        size, used = read_varint(head, used)
        return number, kind, at + used, size
    if kind == _VARINT:
        _, used = read_varint(head, used)
        return number, kind, at + used, 0
    if number == 0 or kind not in _FIXED_BYTES:
        raise DamagedMessage(f"it has a field {number} of the unknown kind {kind}")
    return number, kind, at + used, _FIXED_BYTES[kind]

"""JSON in the real server's layout and notation of numbers: RapidJSON's PrettyWriter, four spaces deep."""

import math
import re
import struct
from collections.abc import Callable

_ESCAPED = re.compile(r'["\\\x00-\x1f]')
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class JsonWriter:
    """Writes one document piece by piece; with `single_line_arrays`, elements follow each other by `, `."""

    def __init__(self) -> None:
        self.single_line_arrays = False
        self._parts: list[str] = []
        self._levels: list[_Level] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def start_object(self) -> None:
        self._start("{", is_array=False)

    def end_object(self) -> None:
        if self._levels.pop().count:
            self._new_line()
        self._parts.append("}")

    def start_array(self) -> None:
        self._start("[", is_array=True)

    def end_array(self) -> None:
        if self._levels.pop().count and not self.single_line_arrays:
            self._new_line()
        self._parts.append("]")

    def string(self, value: str) -> None:
        """Writes a key or a value."""
        self.raw(f'"{_ESCAPED.sub(_escape, value)}"')

    def raw(self, token: str) -> None:
        self._prefix()
        self._parts.append(token)

    def _start(self, bracket: str, *, is_array: bool) -> None:
        self.raw(bracket)
        self._levels.append(_Level(is_array))

    def _prefix(self) -> None:
        if not self._levels:
            return
        level = self._levels[-1]
        if level.is_array:
            self._before_element(level)
        elif level.count % 2:
            self._parts.append(": ")
        else:
            self._parts.append("," if level.count else "")
            self._new_line()
        level.count += 1

    def _before_element(self, level: "_Level") -> None:
        if level.count:
            self._parts.append(", " if self.single_line_arrays else ",")
        if not self.single_line_arrays:
            self._new_line()

    def _new_line(self) -> None:
        self._parts.append("\n" + "    " * len(self._levels))


def _escape(match: re.Match[str]) -> str:
    return _SHORT_ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04X}"


class _Level:
    def __init__(self, is_array: bool) -> None:
        self.is_array = is_array
        self.count = 0


def error_document(message: str) -> str:
    """`{"error": …}`, the body of every refusal."""
    writer = JsonWriter()
    writer.start_object()
    writer.string("error")
    writer.string(message)
    writer.end_object()
    return writer.text


def float_token(value: float) -> str:
    """A 32-bit float: six digits if they give it back, else nine; whole numbers end in `.0`."""
    return _decimal(value, 9, lambda text: struct.unpack("f", struct.pack("f", float(text)))[0] == value)


def double_token(value: float) -> str:
    """A 64-bit float: six digits if they give it back, else seventeen; whole numbers end in `.0`."""
    return _decimal(value, 17, lambda text: float(text) == value)


def _decimal(value: float, digits: int, gives_back: Callable[[str], bool]) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    text = f"{value:.6g}"
    if not gives_back(text):
        text = f"{value:.{digits}g}"
    return text if "." in text or "e" in text else text + ".0"

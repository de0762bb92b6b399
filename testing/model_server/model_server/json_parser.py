"""Parses JSON as RapidJSON 1.1 does with the real server's flags: what it takes, what it refuses, and where it stops.

(util/json_tensor.cc, ParseJson)

NaN, Inf and Infinity are numbers. Nothing after the document is looked at, and a NUL ends the text. Strings need not be
UTF-8: bytes that are not come out as surrogate escapes. Integers that fit into 64 bits are ints, other numbers floats.
Nesting costs no stack, so that its depth is not limited.
"""

import re
from typing import Any, NoReturn

from model_server.json_numbers import NumberTooBigError, number

_SPACE = re.compile(rb"[ \t\r\n]*")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_NUMBER = re.compile(rb"(-?)(0|[1-9][0-9]*)(\.[0-9]*)?([eE][+-]?[0-9]*)?")
_HEX = re.compile(rb"[0-9a-fA-F]{4}")
_LITERALS = {b"n": (b"null", None), b"t": (b"true", True), b"f": (b"false", False)}
_ESCAPES = {b'"': b'"', b"/": b"/", b"\\": b"\\", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}

_NO_DOCUMENT = "The document is empty."
_NO_VALUE = "Invalid value."
_NO_NAME = "Missing a name for object member."
_NO_COLON = "Missing a colon after a name of object member."
_NO_MEMBER_END = "Missing a comma or '}' after an object member."
_NO_ELEMENT_END = "Missing a comma or ']' after an array element."


class JsonError(Exception):
    """The text is no JSON; `offset` counts bytes."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} at offset: {offset}")


def parse_json(text: bytes) -> Any:
    """Returns the document; raises JsonError. Of members with the same name the first counts."""
    return _Parser(text).document()


class _Parser:
    def __init__(self, text: bytes) -> None:
        self._text = text
        self._at = 0

    def document(self) -> Any:
        for byte in b"\xef\xbb\xbf":
            self._at += self._text[self._at : self._at + 1] == bytes([byte])
        root = self._value(_NO_DOCUMENT)
        if isinstance(root, dict | list):
            self._fill(root)
        return root

    def _fill(self, root: Any) -> None:
        """Reads everything into a list or object that was opened, and into those within."""
        around, is_empty = [root], True
        while around:
            container = around[-1]
            if self._peek() == (b"]" if isinstance(container, list) else b"}"):
                self._at += 1
                around.pop()
                is_empty = False
                continue
            if not is_empty:
                self._comma(container)
            value = self._add_to(container)
            is_empty = isinstance(value, dict | list)
            if is_empty:
                around.append(value)

    def _comma(self, container: Any) -> None:
        if self._peek() != b",":
            self._fail(_NO_ELEMENT_END if isinstance(container, list) else _NO_MEMBER_END)
        self._at += 1

    def _add_to(self, container: Any) -> Any:
        """Reads an element, or a member with its name, and returns the value."""
        if isinstance(container, list):
            container.append(self._value(_NO_VALUE))
            return container[-1]
        name = self._name()
        value = self._value(_NO_VALUE)
        container.setdefault(name, value)
        return value

    def _name(self) -> str:
        if self._peek() != b'"':
            self._fail(_NO_NAME)
        name = self._string()
        if self._peek() != b":":
            self._fail(_NO_COLON)
        self._at += 1
        return name

    def _value(self, otherwise: str) -> Any:
        """Reads a value, of a list or object only its opening bracket."""
        first = self._peek()
        match first:
            case b"{":
                self._at += 1
                return {}
            case b"[":
                self._at += 1
                return []
            case b'"':
                return self._string()
            case b"n" | b"t" | b"f":
                return self._literal(first)
            case b"" | b"\0" | b"]" | b"}" | b"," | b":":
                self._fail(otherwise)
        return self._number()

    def _literal(self, first: bytes) -> Any:
        word, value = _LITERALS[first]
        self._word(word)
        return value

    def _word(self, word: bytes) -> None:
        for byte in word:
            if self._text[self._at : self._at + 1] != bytes([byte]):
                self._fail(_NO_VALUE)
            self._at += 1

    def _number(self) -> Any:
        match = _NUMBER.match(self._text, self._at)
        if not match:
            return self._nan_or_infinity()
        self._check_digits(match)
        try:
            return number(match[0].decode())
        except NumberTooBigError:
            self._fail("Number too big to be stored in double.")
        finally:
            self._at = match.end()

    def _nan_or_infinity(self) -> float:
        is_negative = self._text[self._at : self._at + 1] == b"-"
        self._at += is_negative
        if self._text[self._at : self._at + 1] == b"N":
            self._word(b"NaN")
            return float("nan")
        self._word(b"Inf")
        if self._text[self._at : self._at + 1] == b"i":
            self._word(b"inity")
        return float("-inf") if is_negative else float("inf")

    def _check_digits(self, match: re.Match[bytes]) -> None:
        if match[3] == b".":
            self._at = match.end(3)
            self._fail("Miss fraction part in number.")
        if match[4] and not match[4][-1:].isdigit():
            self._at = match.end(4)
            self._fail("Miss exponent in number.")

    def _string(self) -> str:
        self._at += 1
        parts: list[bytes] = []
        while True:
            plain = _PLAIN.match(self._text, self._at)
            parts.append(plain[0] if plain else b"")
            self._at += len(parts[-1])
            match self._text[self._at : self._at + 1]:
                case b'"':
                    self._at += 1
                    return b"".join(parts).decode(errors="surrogateescape")
                case b"\\":
                    parts.append(self._escape())
                case b"" | b"\0":
                    self._fail("Missing a closing quotation mark in string.")
                case _:
                    self._fail("Invalid escape character in string.")

    def _escape(self) -> bytes:
        start, kind = self._at, self._text[self._at + 1 : self._at + 2]
        if kind == b"u":
            return self._code_point(start).encode(errors="surrogatepass")
        if kind not in _ESCAPES:
            self._fail("Invalid escape character in string.")
        self._at += 2
        return _ESCAPES[kind]

    def _code_point(self, start: int) -> str:
        r"""Reads `\uXXXX`, or two of them that are one character; a second half alone stands for itself."""
        code = self._hex(start)
        if 0xD800 <= code <= 0xDBFF:
            low = self._hex(start) if self._text[self._at : self._at + 2] == b"\\u" else 0
            if not 0xDC00 <= low <= 0xDFFF:
                raise JsonError("The surrogate pair in string is invalid.", start)
            code = ((code - 0xD800) << 10 | low - 0xDC00) + 0x10000
        return chr(code)

    def _hex(self, start: int) -> int:
        digits = _HEX.match(self._text, self._at + 2)
        if not digits:
            raise JsonError("Incorrect hex digit after \\u escape in string.", start)
        self._at = digits.end()
        return int(digits[0], 16)

    def _peek(self) -> bytes:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._text[self._at : self._at + 1]

    def _fail(self, reason: str) -> NoReturn:
        raise JsonError(reason, self._at)

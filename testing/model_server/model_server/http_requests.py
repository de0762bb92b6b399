"""Reads HTTP requests off a connection, and refuses those that the real server's HTTP library refuses.

(libevent's evhttp; of recorded behaviour what its source does not have: a Transfer-Encoding beside a Content-Length)
"""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO

Version = tuple[int, int]

_WITH_BODY = ("POST", "PUT", "PATCH", "GET", "DELETE", "OPTIONS", "CONNECT")
_SHORTEST_LINE = len(b"GET / HTTP/1.0")
_VERSION = re.compile(r"HTTP/([+-]?\d+)\.([+-]?\d+)", re.ASCII)
_LENGTH = re.compile(r"\s*[+-]?\d+", re.ASCII)
_CHUNK_SIZE = re.compile(r"\s*([+-]?)(?:0[xX])?([0-9a-fA-F]+)(?: .*)?", re.ASCII)
_PROXY = re.compile(r"https?://[^/?#]", re.I)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class HttpError(Exception):
    """Answers a request by an error page and the end of the connection."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


class HungUpError(Exception):
    """The client has ended the connection; nobody waits for an answer."""


@dataclass(frozen=True)
class Headers:
    """Names in lower case, and values, as they came."""

    fields: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        """The first value of a header, named in lower case."""
        return next((value for known, value in self.fields if known == name), None)


@dataclass(frozen=True)
class Head:
    """A request up to its body. `target` is what stands behind the verb."""

    verb: str
    target: str
    version: Version
    headers: Headers

    @property
    def keeps_alive(self) -> bool:
        return (self.headers.get("connection") or "").lower().startswith("keep-alive")

    @property
    def is_proxied(self) -> bool:
        """Whether the target is a whole URL, as one asks a proxy."""
        return _PROXY.match(self.target) is not None

    @property
    def wants_close(self) -> bool:
        if self.is_proxied:
            return (self.headers.get("proxy-connection") or "").lower() != "keep-alive"
        return (self.headers.get("connection") or "").lower() == "close"


def read_head(stream: BinaryIO) -> Head:
    """Reads request line and headers; raises HttpError and HungUpError."""
    line = _line(stream).rstrip(b" ")
    verb, _, rest = line.decode("latin-1").partition(" ")
    target, _, version = rest.rpartition(" ")
    if len(line) < _SHORTEST_LINE or not target:
        raise HttpError(HTTPStatus.BAD_REQUEST)
    return Head(verb, target, _version(version), _headers(stream))


def read_body(head: Head, stream: BinaryIO, answer: BinaryIO) -> bytes:
    """Reads the body that the headers announce, telling a client that asks for it to go on."""
    if head.verb not in _WITH_BODY:
        return b""
    length = _body_length(head.headers)
    if length == 0:
        return b""
    if head.version >= (1, 1) and (expected := head.headers.get("expect")) is not None:
        if expected.lower() != "100-continue":
            raise HttpError(HTTPStatus.EXPECTATION_FAILED)
        answer.write(_CONTINUE)
        answer.flush()
    return _chunks(stream) if length is None else _exactly(stream, length)


def _version(text: str) -> Version:
    match = _VERSION.fullmatch(text)
    if match is None or int(match[1]) > 1:
        raise HttpError(HTTPStatus.BAD_REQUEST)
    return int(match[1]), int(match[2])


def _headers(stream: BinaryIO) -> Headers:
    fields: list[tuple[str, str]] = []
    while line := _line(stream).decode("latin-1"):
        if line[0] in " \t":
            _continue_last(fields, line)
            continue
        name, colon, value = line.partition(":")
        if not colon or "\r" in line:
            raise HttpError(HTTPStatus.BAD_REQUEST)
        fields.append((name.lower(), value.lstrip(" ").rstrip(" \t")))
    return Headers(tuple(fields))


def _continue_last(fields: list[tuple[str, str]], line: str) -> None:
    if not fields:
        raise HttpError(HTTPStatus.BAD_REQUEST)
    name, value = fields.pop()
    fields.append((name, value + " " + line.strip(" \t")))


def _body_length(headers: Headers) -> int | None:
    """How many bytes follow, or None where they come in chunks."""
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if length is not None or coding.rpartition(",")[2].strip().lower() != "chunked":
            raise HttpError(HTTPStatus.BAD_REQUEST)
        return None
    if length is None:
        return 0
    if not _LENGTH.fullmatch(length) or int(length) < 0:
        raise HttpError(HTTPStatus.BAD_REQUEST)
    return int(length)


def _chunks(stream: BinaryIO) -> bytes:
    parts = []
    while size := _chunk_size(stream):
        parts.append(_exactly(stream, size))
    try:
        _headers(stream)
    except HttpError:
        raise HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from None
    return b"".join(parts)


def _chunk_size(stream: BinaryIO) -> int:
    """Reads the line before a chunk; empty lines, as after each chunk, are passed over."""
    while not (line := _line(stream)):
        pass
    match = _CHUNK_SIZE.fullmatch(line.decode("latin-1"))
    if match is None or (match[1] == "-" and int(match[2], 16)):
        raise HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return int(match[2], 16)


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise HungUpError
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise HungUpError
    return data

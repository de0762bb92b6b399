"""Sends bytes to an HTTP server, and reads what it answers, byte by byte: no client between that would mend them."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from testing.recordings.data import RestCase, RestResponse

_SECONDS = 20.0
_QUIET_SECONDS = 0.4
"""After the last response, for as long nothing more may come from a connection that is to stay open."""

_HEADERS = ("Connection", "Content-Type")
"""The headers that matter, which are those that were recorded."""


@dataclass(frozen=True)
class Exchange:
    """What came back over one connection: responses, any bytes after them, and whether the server hung up."""

    responses: tuple[RestResponse, ...]
    rest: bytes
    closed: bool


def exchange(address: tuple[str, int], case: RestCase, request: bytes) -> Exchange:
    """Sends the request, and reads as many responses as the case has and what follows them.

    What follows the headers of an answer to HEAD was not recorded, and is left out.
    """
    with socket.create_connection(address, timeout=_SECONDS) as connection:
        with suppress(ConnectionError):
            connection.sendall(request)
            if case.half_closes:
                connection.shutdown(socket.SHUT_WR)
        stream, is_head = _Stream(connection), request.startswith(b"HEAD ")
        found = (stream.response(has_body=not is_head) for _ in case.responses)
        responses = tuple(response for response in found if response)
        connection.settimeout(_SECONDS if case.closes else _QUIET_SECONDS)
        rest, closed = stream.remainder()
    return Exchange(responses, b"" if is_head else rest, closed)


class _Stream:
    """The bytes that come over a connection, as far as they have been read."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = b""
        self._ended = False

    def response(self, *, has_body: bool) -> RestResponse | None:
        """Reads one response; None if none comes, or a part only."""
        head = self._until(b"\r\n\r\n")
        if head is None:
            return None
        status_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.title(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = self._body(headers) if has_body else b""
        if body is None:
            return None
        _, status, reason = f"{status_line}  ".split(" ", 2)
        kept = {name: headers[name] for name in _HEADERS if name in headers}
        return RestResponse(int(status), reason.strip(), kept, body)

    def remainder(self) -> tuple[bytes, bool]:
        """Returns the bytes until the end of the connection or of the time, and whether it has ended."""
        while self._receive():
            pass
        return self._unread, self._ended

    def _body(self, headers: Mapping[str, str]) -> bytes | None:
        if "Content-Length" in headers:
            return self._exactly(int(headers["Content-Length"]))
        body, _ = self.remainder()
        self._unread = b""
        return body

    def _until(self, mark: bytes) -> bytes | None:
        while mark not in self._unread:
            if not self._receive():
                return None
        found, _, self._unread = self._unread.partition(mark)
        return found

    def _exactly(self, length: int) -> bytes | None:
        while len(self._unread) < length:
            if not self._receive():
                return None
        found, self._unread = self._unread[:length], self._unread[length:]
        return found

    def _receive(self) -> bool:
        """Takes up what comes next; False at the end of the connection or of the time."""
        try:
            data = self._connection.recv(1 << 20)
        except TimeoutError:
            return False
        except ConnectionError:
            data = b""
        self._ended = not data
        self._unread += data
        return bool(data)

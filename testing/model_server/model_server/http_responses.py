"""HTTP responses as the real server's HTTP library sends them.

(libevent's evhttp_make_header_response, evhttp_send_error)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from model_server.http_requests import Head, Headers, Version

_ERROR_PAGE = "<HTML><HEAD>\n<TITLE>{0} {1}</TITLE>\n</HEAD><BODY>\n<H1>{1}</H1>\n</BODY></HTML>\n"
_DEFAULT_TYPE = "text/html; charset=ISO-8859-1"
_UNREAD = Head("GET", "", (1, 1), Headers(()))
"""In place of a request of which not even the head could be read."""

_REASONS = {
    408: "Request Time-out",
    413: "Request Entity Too Large",
    429: "Client Error",
    499: "Client Error",
    504: "Gateway Time-out",
}
"""Where libevent's words are not Python's."""


@dataclass(frozen=True)
class Response:
    """`is_error` is an error page, after which the connection ends."""

    status: int
    headers: Mapping[str, str]
    body: str
    is_error: bool = False

    def ends_connection(self, head: Head | None) -> bool:
        head = head or _UNREAD
        if self.is_error:
            return head.verb != "CONNECT"
        return head.wants_close or (head.version < (1, 1) and not head.keeps_alive)

    def serialized(self, head: Head | None) -> bytes:
        """The bytes to send. The body follows on HEAD too, though without its length, as libevent does it."""
        head, body = head or _UNREAD, self.body.encode(errors="surrogateescape")
        version = (1, 1) if self.is_error and 0 in head.version else head.version
        lines = [f"HTTP/{version[0]}.{version[1]} {self.status} {_reason(self.status)}"]
        lines += [f"{name}: {value}" for name, value in self._all_headers(head, version, len(body)).items()]
        return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1") + body

    def _all_headers(self, head: Head, version: Version, length: int) -> dict[str, str]:
        headers = dict(self.headers)
        has_body = head.verb not in ("HEAD", "CONNECT")
        if version >= (1, 1):
            headers["Date"] = formatdate(usegmt=True)
        elif version == (1, 0) and head.keeps_alive:
            headers["Connection"] = "keep-alive"
        if has_body and (version >= (1, 1) or (version == (1, 0) and head.keeps_alive)):
            headers["Content-Length"] = str(length)
        if has_body:
            headers.setdefault("Content-Type", _DEFAULT_TYPE)
        return _closing(headers, head)


def error_page(status: HTTPStatus) -> Response:
    text = _ERROR_PAGE.format(int(status), _reason(status))
    return Response(status, {"Content-Type": "text/html", "Connection": "close"}, text, is_error=True)


def _closing(headers: dict[str, str], head: Head) -> dict[str, str]:
    if not head.wants_close:
        return headers
    others = {name: value for name, value in headers.items() if name != "Connection"}
    return others if head.is_proxied else others | {"Connection": "close"}


def _reason(status: int) -> str:
    return _REASONS.get(status) or HTTPStatus(status).phrase

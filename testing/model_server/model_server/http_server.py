# ruff: noqa: N815  # http.server finds its methods by these names
"""HTTP/1.1 for the REST API and the metrics page, one thread a connection.

(model_servers/http_server.cc, util/net_http)
"""

import gzip
import http.server
import socket
import threading
import urllib.parse
import zlib
from http import HTTPStatus

from model_server import metrics
from model_server.rest import Answer, RestApi

_NOT_FOUND_PAGE = "<HTML><HEAD>\n<TITLE>404 Not Found</TITLE>\n</HEAD><BODY>\n<H1>Not Found</H1>\n</BODY></HTML>\n"
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    "Access-Control-Allow-Headers": "Content-Type",
}


class HttpServer(http.server.ThreadingHTTPServer):
    """Listens as soon as it is made; raises OSError if the port is taken.

    `threads` is --rest_api_num_threads: one of them runs the event loop, so with 1 no request is ever answered.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: str, port: int, api: RestApi, *, threads: int, metrics_path: str | None, cors: bool
    ) -> None:
        self.api = api
        self.metrics_path = metrics_path
        self.headers = _CORS if cors else {}
        self.workers = threading.Semaphore(max(threads - 1, 0))
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), _Handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # Not HTTPServer's, which looks the address up in DNS.
        super(http.server.HTTPServer, self).server_bind()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: HttpServer

    def do_GET(self) -> None:
        with self.server.workers:
            self._answer()

    do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = do_GET

    def _answer(self) -> None:
        try:
            body = self._body()
        except (ValueError, OSError, EOFError, zlib.error):
            self._send(HTTPStatus.BAD_REQUEST, "text/html", "")
            self.close_connection = True
            return
        if self.server.metrics_path == urllib.parse.urlsplit(self.path).path:
            self._send_metrics()
        elif self.path.lower().startswith("/v1/"):
            self._send_answer(self.server.api.answer(self.command, self.path, body, self.headers.get("Origin", "")))
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/html", _NOT_FOUND_PAGE)

    def _send_answer(self, answer: Answer) -> None:
        self._send(answer.http_status, "application/json", answer.body, self.server.headers)

    def _send_metrics(self) -> None:
        if self.path != self.server.metrics_path:
            text = f"Unexpected path: {self.path}. Should be {self.server.metrics_path}"
            self._send(HTTPStatus.BAD_REQUEST, "text/plain", text)
            return
        self._send(HTTPStatus.OK, "text/plain", metrics.page())

    def _send(self, status: int, content_type: str, text: str, headers: dict[str, str] | None = None) -> None:
        data = text.encode()
        self.send_response_only(status)
        self.send_header("Date", self.date_time_string())
        for name, value in {"Content-Type": content_type, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _body(self) -> bytes:
        """Reads the body, sent with its length or in chunks; raises ValueError and others for a bad one."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(body) if "gzip" in self.headers.get("Content-Encoding", "") else body

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline(64).split(b";")[0], 16)
        data = self.rfile.read(size)
        self.rfile.readline(64)
        return data

    def log_message(self, *_: object) -> None:
        """Requests are not logged."""

"""HTTP/1.1 for the REST API and the metrics page, one thread a connection.

(model_servers/http_server.cc, util/net_http/server/internal)
"""

import socket
import socketserver
import threading
import zlib
from http import HTTPStatus

from model_server import metrics
from model_server.http_requests import Head, HttpError, HungUpError, read_body, read_head
from model_server.http_responses import Response, error_page
from model_server.rest import RestApi
from model_server.uri import Uri, parse_uri

_VERBS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    "Access-Control-Allow-Headers": "Content-Type",
}
_MOST_UNCOMPRESSED = 100 << 20


class HttpServer(socketserver.ThreadingTCPServer):
    """Listens as soon as it is made; raises OSError if the port is taken.

    `threads` is --rest_api_num_threads: one of them runs the event loop, so with 1 no request is ever answered.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, address: str, port: int, api: RestApi, *, threads: int, metrics_path: str | None, cors: bool
    ) -> None:
        self.api = api
        self.metrics_path = metrics_path
        self.headers = _CORS if cors else {}
        self.workers = threading.Semaphore(max(threads - 1, 0))
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), _Connection)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    wbufsize = -1
    server: HttpServer

    def handle(self) -> None:
        goes_on = True
        while goes_on:
            goes_on = self._exchange()

    def _exchange(self) -> bool:
        """Answers one request; returns whether another may follow."""
        head = None
        try:
            head = read_head(self.rfile)
            response = self._response(head, read_body(head, self.rfile, self.wfile))
        except HungUpError:
            return False
        except HttpError as error:
            response = error_page(error.status)
        self.wfile.write(response.serialized(head))
        self.wfile.flush()
        return not response.ends_connection(head)

    def _response(self, head: Head, body: bytes) -> Response:
        """Raises HttpError for what reaches neither the API nor the metrics page."""
        if head.verb not in _VERBS:
            raise HttpError(HTTPStatus.NOT_IMPLEMENTED)
        uri = parse_uri(head.target)
        if uri is None:
            raise HttpError(HTTPStatus.BAD_REQUEST)
        if uri.path == self.server.metrics_path:
            with self.server.workers:
                return self._metrics(uri)
        if uri.whole.lower().startswith("/v1/"):
            with self.server.workers:
                return self._answer(head, uri, body)
        raise HttpError(HTTPStatus.NOT_FOUND)

    def _answer(self, head: Head, uri: Uri, body: bytes) -> Response:
        if "gzip" in (head.headers.get("content-encoding") or ""):
            body = _uncompressed(body)
        answer = self.server.api.answer(head.verb, uri.whole, body, head.headers.get("origin") or "")
        headers = {"Content-Type": answer.content_type} if answer.content_type else {}
        return Response(answer.http_status, headers | self.server.headers, answer.body)

    def _metrics(self, uri: Uri) -> Response:
        status, text = HTTPStatus.OK, ""
        if uri.whole != uri.path:
            status, text = HTTPStatus.BAD_REQUEST, f"Unexpected path: {uri.whole}. Should be {uri.path}"
        return Response(status, {"Content-Type": "text/plain"}, text or metrics.page())


def _uncompressed(body: bytes) -> bytes:
    """The contents of one gzip member; nothing if it is not whole, has more behind it or is too large."""
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        contents = reader.decompress(body, _MOST_UNCOMPRESSED)
    except zlib.error:
        return b""
    return contents if reader.eof and not reader.unused_data else b""

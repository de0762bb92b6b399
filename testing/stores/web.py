"""A web server with archives: ETags, ranges, If-Range, credentials, redirects, and its own authority."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from testing.stores.certificates import Certificates
from testing.stores.served import serving
from testing.stores.traffic import Passed, passed_by


@dataclass
class WebServer:
    """A running one. Its fields and methods may be used from any thread, while it serves."""

    url: str = ""
    authorization: str = ""
    """What the header of that name must be; empty: anybody may read."""

    ranges: bool = True
    """Whether it knows Range; without, every answer is whole."""

    etags: bool = True
    _files: dict[str, bytes] = field(default_factory=dict)
    _redirects: dict[str, str] = field(default_factory=dict)
    _requests: list[Passed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def publish(self, path: str, content: bytes) -> str:
        """Makes `content` what there is at `path`, and returns the URL."""
        with self._lock:
            self._files["/" + path.lstrip("/")] = content
        return self.address(path)

    def redirect(self, path: str, to: str) -> str:
        """Sends who asks for `path` to the URL `to`, without asking for credentials. Returns the URL of `path`."""
        with self._lock:
            self._redirects["/" + path.lstrip("/")] = to
        return self.address(path)

    def address(self, path: str) -> str:
        return f"{self.url}/{path.lstrip('/')}"

    def require_basic(self, username: str, password: str) -> None:
        self.authorization = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()

    def require_token(self, token: str) -> None:
        self.authorization = f"Bearer {token}"

    def requests(self) -> list[Passed]:
        """What has come in so far, with the credentials it carried."""
        with self._lock:
            return list(self._requests)

    async def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        with self._lock:
            self._requests.append(passed_by(request))
            content, location = self._files.get(request.path), self._redirects.get(request.path)
        if location:
            raise web.HTTPFound(location)
        if self.authorization and request.headers.get("Authorization") != self.authorization:
            return web.Response(status=401, text="credentials are needed", headers={"WWW-Authenticate": "Basic"})
        if content is None:
            return web.Response(status=404, text="there is no such file")
        return self._file(request, content)

    def _file(self, request: web.Request, content: bytes) -> web.Response:
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        headers = {"Accept-Ranges": "bytes"} if self.ranges else {}
        if self.etags:
            headers["ETag"] = etag
            if request.headers.get("If-None-Match") == etag:
                return web.Response(status=304, headers=headers)
        if not self.ranges or request.headers.get("If-Range", etag) != etag:
            return web.Response(body=content, headers=headers)
        return part(request, content, headers)


def part(request: web.Request, content: bytes, headers: dict[str, str]) -> web.Response:
    """The range of `content` that is asked for, or else the whole."""
    span = request.http_range
    if span.start is None:
        return web.Response(body=content, headers=headers)
    served = range(len(content))[span]
    if not served:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {served[0]}-{served[-1]}/{len(content)}"
    return web.Response(status=206, body=content[served[0] : served[-1] + 1], headers=headers)


@contextmanager
def running_web(certificates: Certificates | None = None) -> Iterator[WebServer]:
    """Speaks https with `certificates`, else http."""
    server = WebServer()
    with serving(server.application, certificates.for_server() if certificates else None) as server.url:
        yield server

"""A web server of the tests: real HTTP on 127.0.0.1, with files that have ETags, and with faults on demand."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web


@dataclass
class WebServer:
    """Serves `files` by path. Knows HEAD and ranges unless told otherwise."""

    files: dict[str, bytes] = field(default_factory=dict)
    url: str = ""
    knows_ranges: bool = True
    knows_head: bool = True
    says_length: bool = True
    has_etags: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    """Sent besides, with every file."""

    headers_of: dict[str, dict[str, str]] = field(default_factory=dict)
    """Sent besides, by path."""

    authorization: str | None = None
    """What a request's header must be, else 401."""

    challenge: str = "Basic"
    """The WWW-Authenticate of a 401."""

    cuts: dict[str, list[int]] = field(default_factory=dict)
    """By path: the next bodies end after so many bytes, without a word."""

    claims: int | None = None
    """The size that HEAD answers with, instead of the file's."""

    stall_after: int | None = None
    """The next body goes no further than this; the client has to give up."""

    answers: list[web.Response] = field(default_factory=list)
    """Are given instead of the next files."""

    redirects: dict[str, str] = field(default_factory=dict)
    """Other addresses, by path."""

    missing: str = "no such archive"
    """What is said of a path that is not there."""

    seen: list[web.BaseRequest] = field(default_factory=list)
    sent: int = 0
    """Bytes of bodies."""

    def missing_type(self) -> str:
        return "application/json" if self.missing.startswith("{") else "text/plain"

    def gets(self) -> list[web.BaseRequest]:
        return [request for request in self.seen if request.method == "GET"]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(request)
        if self.answers:
            return self.answers.pop(0)
        if self.authorization not in (None, request.headers.get("Authorization")):
            return web.Response(status=401, text="who are you?", headers={"WWW-Authenticate": self.challenge})
        if request.path in self.redirects:
            return web.Response(status=302, headers={"Location": self.redirects[request.path]})
        if request.path not in self.files:
            return web.Response(status=404, text=self.missing, content_type=self.missing_type())
        if request.method == "HEAD" and not self.knows_head:
            return web.Response(status=405)
        return await self._file(request, self.files[request.path])

    async def _file(self, request: web.BaseRequest, data: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers=self.headers | self.headers_of.get(request.path, {}))
        if self.has_etags:
            response.headers["ETag"] = f'"{hashlib.md5(data).hexdigest()}"'
        total = len(data)
        span = request.http_range
        if self.knows_ranges:
            response.headers["Accept-Ranges"] = "bytes"
        if self.knows_ranges and span.start is not None:
            stop = min(span.stop or total, total)
            response.set_status(206)
            response.headers["Content-Range"] = f"bytes {span.start}-{stop - 1}/{total}"
            data = data[span.start : stop]
        if self.says_length:
            response.content_length = self.claims if self.claims and request.method == "HEAD" else len(data)
        else:
            response.enable_chunked_encoding()
        await response.prepare(request)
        if request.method != "HEAD":
            await self._body(request, response, data)
        return response

    async def _body(self, request: web.BaseRequest, response: web.StreamResponse, data: bytes) -> None:
        cuts = self.cuts.get(request.path)
        cut = cuts.pop(0) if cuts else None
        if self.stall_after is not None:
            await response.write(data[: self.stall_after])
            self.sent, self.stall_after = self.sent + self.stall_after, None
            await asyncio.Event().wait()
        for start in range(0, len(data), 65536):
            piece = data[start : start + 65536]
            if cut is not None and start + len(piece) > cut:
                await response.write(piece[: cut - start])
                self.sent += cut - start
                await asyncio.sleep(0)
                if request.transport is not None:
                    request.transport.close()
                return
            await response.write(piece)
            self.sent += len(piece)
        await response.write_eof()

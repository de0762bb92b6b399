"""A reverse proxy in front of any HTTP server, which makes things go wrong on demand.

Host is passed on as it came: signatures of S3 cover it, and redirects to oneself are made from it.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from testing.stores.faults import Cut, Faults, Incident, Interlude, Refusal, Stall
from testing.stores.served import serving
from testing.stores.traffic import Passed, passed_by

CHUNK = 64 * 1024
_HOP_BY_HOP = ("Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade")
_NOT_OURS_TO_ADD = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


@dataclass(frozen=True)
class Proxy:
    """A running one; `url` stands for the server's own."""

    url: str
    faults: Faults


@contextmanager
def faults_before(
    upstream: str, *, tls: ssl.SSLContext | None = None, trust: ssl.SSLContext | None = None
) -> Iterator[Proxy]:
    """A proxy before the server at `upstream`. It speaks TLS itself with `tls`, and to a server of https with `trust`,
    a client's context."""
    forwarder = _Forwarder(URL(upstream), Faults(), trust)
    with serving(forwarder.application, tls) as url:
        try:
            yield Proxy(url, forwarder.faults)
        finally:
            forwarder.faults.clear()


@dataclass(frozen=True)
class _Forwarder:
    upstream: URL
    faults: Faults
    trust: ssl.SSLContext | None

    async def application(self) -> web.Application:
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", self._handle)
        app.cleanup_ctx.append(self._session)
        return app

    async def _session(self, app: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0, ssl=self.trust or True)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as session:
            app[_SESSION] = session
            yield

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        passed = passed_by(request)
        self.faults.note(passed)
        if refusal := self.faults.refusal(passed):
            return _refused(refusal)
        async with self._forward(request) as answer:
            response = web.StreamResponse(
                status=answer.status, reason=answer.reason, headers=_without_hop_by_hop(answer.headers)
            )
            await response.prepare(request)
            if request.method != "HEAD":
                await _Sending(request, response, self.faults, passed).body(answer.content)
            return response

    def _forward(self, request: web.Request) -> aiohttp.client._BaseRequestContextManager[aiohttp.ClientResponse]:
        url = URL(str(self.upstream.origin()) + request.raw_path, encoded=True)
        return request.app[_SESSION].request(
            request.method,
            url,
            headers=_without_hop_by_hop(request.headers),
            data=request.content if request.can_read_body else None,
            skip_auto_headers=_NOT_OURS_TO_ADD,
            allow_redirects=False,
        )


_SESSION = web.AppKey("session", aiohttp.ClientSession)


@dataclass
class _Sending:
    """One answer's body on its way to the client."""

    request: web.Request
    response: web.StreamResponse
    faults: Faults
    passed: Passed
    sent: int = 0

    async def body(self, content: aiohttp.StreamReader) -> None:
        # The connection is over, by a cut or by the client: aiohttp notices by itself.
        with suppress(ConnectionResetError):
            if not self._transport().get_extra_info("ssl_object"):  # With TLS, asyncio's drain may then never end.
                self._transport().set_write_buffer_limits(0)
            async for chunk in content.iter_chunked(CHUNK):
                await self._chunk(chunk)

    async def _chunk(self, chunk: bytes) -> None:
        while chunk:
            incident = self.faults.incident(self.passed, self.sent, len(chunk))
            now = chunk[: incident.after - self.sent] if incident else chunk
            await self._write(now)
            chunk = chunk[len(now) :]
            if incident:
                await self._happens(incident)

    async def _write(self, chunk: bytes) -> None:
        while chunk:
            count = self.faults.allowed(len(chunk))
            if not count:
                await _until_released(self.faults)
                continue
            await asyncio.sleep(self.faults.delay(count))
            await self.response.write(chunk[:count])
            self.sent, chunk = self.sent + count, chunk[count:]

    async def _happens(self, incident: Incident) -> None:
        match incident:
            case Cut():
                # With no buffer allowed, what was written has left this process; with TLS, some of it may not have.
                self._transport().abort()
                raise ConnectionResetError("cut by the test")
            case Stall():
                await _until_released(self.faults)
            case Interlude(hook=hook):
                await asyncio.to_thread(hook)

    def _transport(self) -> asyncio.WriteTransport:
        if not isinstance(self.request.transport, asyncio.WriteTransport):
            raise ConnectionResetError("the client has gone")
        return self.request.transport


async def _until_released(faults: Faults) -> None:
    # The flag is another thread's, and a thread that waited for it would outlive a client that gives up.
    while not faults.released.is_set():  # noqa: ASYNC110 # an asyncio.Event cannot be set from there
        await asyncio.sleep(0.02)


def _refused(refusal: Refusal) -> web.Response:
    headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
    return web.Response(status=refusal.status, headers=headers, text=refusal.body)


def _without_hop_by_hop(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    kept = CIMultiDict(headers)
    for name in _HOP_BY_HOP:
        kept.popall(name, None)
    return kept

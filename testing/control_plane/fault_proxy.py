"""Stands between an operator and the API server, counts what goes by, and does to it what networks and servers do.

The operator speaks plain HTTP to it, by a kubeconfig of its own; the proxy speaks TLS to the real API server.
"""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp
import yaml
from aiohttp import web

from testing.control_plane.control_plane import ControlPlane, kubeconfig_for

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "host", "keep-alive"}


@dataclass(frozen=True)
class Passed:
    """One request, as it arrived; `status` is what it was answered with, 0 when it was not."""

    at: float
    method: str
    path: str
    query: dict[str, str]
    status: int

    @property
    def is_watch(self) -> bool:
        return "watch" in self.query

    @property
    def is_lease(self) -> bool:
        return "/leases/" in self.path or self.path.endswith("/leases")


Fault = Callable[[web.Request], "Refusal | None"]
"""What becomes of a request instead of being passed on; None: it is passed on."""


@dataclass(frozen=True)
class Refusal:
    """An answer in the API server's place; status 0 cuts the connection."""

    status: int
    headers: Mapping[str, str]
    reason: str = "Fault"

    def answer(self, request: web.Request) -> web.Response:
        if self.status == 0 and request.transport is not None:
            request.transport.abort()
        words = {"kind": "Status", "status": "Failure", "code": self.status, "reason": self.reason}
        return web.json_response({**words, "message": "a fault of the proxy's"}, status=self.status or 500)


class FaultProxy:
    """Faults begin and end at once, from any thread."""

    def __init__(self, plane: ControlPlane, user: str) -> None:
        self.passed: list[Passed] = []
        self.url = ""
        self._plane = plane
        self._token = yaml.safe_load(plane.kubeconfig(user).read_text())["users"][0]["user"]["token"]
        self._fault: Fault | None = None
        self._delay = 0.0
        self._muted: set[int] = set()
        self._streams: dict[int, web.Request] = {}
        self._stream_began = 0.0
        self._serial = 0
        self._loop = asyncio.new_event_loop()
        self._session: aiohttp.ClientSession | None = None

    def kubeconfig(self, folder: Path) -> Path:
        """Leads through the proxy."""
        path = folder / f"proxy-{self.url.rpartition(':')[2]}.kubeconfig"
        path.write_text(yaml.safe_dump(kubeconfig_for(self.url, self._token)))
        return path

    # faults

    def refuse(
        self,
        status: int,
        *,
        only: Callable[[web.Request], bool] = lambda request: True,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Every request that is `only` is answered like this, until `heal`."""
        refusal = Refusal(status, headers, {410: "Expired", 429: "TooManyRequests"}.get(status, "InternalError"))
        self._fault = lambda request: refusal if only(request) else None

    def cut(self) -> None:
        """Every connection breaks, also of requests under way, and no new one is answered."""
        self.refuse(0)
        self.cut_streams()

    def cut_streams(self) -> None:
        """The watches that run break, once."""
        self._call(self._abort_streams)

    def mute_streams(self) -> None:
        """The watches that run bring nothing any more, and stay open. Those that begin later are well."""
        self._muted |= set(self._streams)

    def delay(self, seconds: float) -> None:
        """Every request is passed on so much later."""
        self._delay = seconds

    def heal(self) -> None:
        """All faults end; a watch that is mute stays so."""
        self._fault, self._delay = None, 0.0

    # what has gone by

    def since(self, moment: float) -> list[Passed]:
        """Requests since `moment`, of time.monotonic."""
        return [passed for passed in list(self.passed) if passed.at >= moment]

    def calm_for(self) -> float:
        """Seconds since a watch has begun last."""
        return time.monotonic() - self._stream_began

    # inside

    def run(self, started: threading.Event) -> None:
        """The thread's life."""
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(started))
        self._loop.run_until_complete(_end_rest(self._loop))
        self._loop.close()

    def stop(self) -> None:
        self._call(self._stopping.set)

    async def _serve(self, started: threading.Event) -> None:
        self._stopping = asyncio.Event()
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        connector = aiohttp.TCPConnector(limit=0, ssl=tls, force_close=False)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False)
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        started.set()
        await self._stopping.wait()
        self._abort_streams()
        await runner.cleanup()
        await self._session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        at = time.monotonic()
        if self._delay:
            await asyncio.sleep(self._delay)
        refusal = self._fault(request) if self._fault else None
        if refusal is not None:
            self._note(at, request, refusal.status)
            answer = refusal.answer(request)
            answer.headers.update(refusal.headers)
            return answer
        try:
            return await self._pass_on(at, request)
        except (aiohttp.ClientError, OSError):
            self._note(at, request, 0)
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=502)

    async def _pass_on(self, at: float, request: web.Request) -> web.StreamResponse:
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        url = self._plane.server + request.raw_path
        async with self._session.request(
            request.method, url, headers=headers, data=await request.read() or None
        ) as answer:
            self._note(at, request, answer.status)
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            await self._stream(request, answer, response)
            return response

    async def _stream(self, request: web.Request, answer: Any, response: web.StreamResponse) -> None:
        self._serial += 1
        serial = self._serial
        if "watch" in request.query:
            self._streams[serial], self._stream_began = request, time.monotonic()
        try:
            async for chunk in answer.content.iter_any():
                if serial not in self._muted:
                    await response.write(chunk)
            if serial in self._muted:  # the API server has ended it, and the operator does not hear of that
                await self._stopping.wait()
        finally:
            self._streams.pop(serial, None)

    def _note(self, at: float, request: web.Request, status: int) -> None:
        self.passed.append(Passed(at, request.method, request.path, dict(request.query), status))

    def _abort_streams(self) -> None:
        for request in self._streams.values():
            if request.transport is not None:
                request.transport.abort()

    def _call(self, function: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(function)


async def _end_rest(loop: asyncio.AbstractEventLoop) -> None:
    """Ends the requests that are still under way, such as muted watches."""
    rest = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
    for task in rest:
        task.cancel()
    if rest:
        await asyncio.wait(rest, timeout=5)


@contextmanager
def running_proxy(plane: ControlPlane, user: str) -> Iterator[FaultProxy]:
    """On a thread and a port of its own."""
    proxy, started = FaultProxy(plane, user), threading.Event()
    thread = threading.Thread(target=proxy.run, args=(started,), name="fault proxy", daemon=True)
    thread.start()
    assert started.wait(60)
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join(10)

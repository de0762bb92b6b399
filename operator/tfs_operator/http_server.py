"""Serves HTTP to whoever can connect: few connections, and none that waits for its client for long.

aiohttp bounds neither the number of connections nor the time and the bytes that a client takes until its request has
begun. So each connection passes through a guard, which ends it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


@dataclass(frozen=True)
class Bounds:
    """Of the connections of one port."""

    connections: int = 64
    """At the same time. For one more, the one that has been quiet longest is closed: so probes are always heard."""

    idle_seconds: float = 20.0
    """Without a request: between two, or until the first one has begun. Clients should close a connection that they do
    not use sooner, or they may send a request to one that is just being closed; aiohttp's do after 15 s."""

    request_seconds: float = 60.0
    """For the body of a request, and until it is answered."""

    unread_bytes: int = 64 * 1024
    """That a client sends before its request has begun: headers, and what has come of its body with them."""


@asynccontextmanager
async def serving(
    app: web.Application, port: int, host: str | None = None, *, bounds: Bounds | None = None, stop_seconds: float = 5.0
) -> AsyncIterator[int]:
    """Serves within the block, and yields the port, which is a free one for 0. At the end requests have `stop_seconds`
    to be answered."""
    guard = _Guard(bounds or Bounds())
    app.middlewares.append(guard.middleware)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=stop_seconds)
    await runner.setup()
    assert runner.server is not None
    server = await asyncio.get_running_loop().create_server(guard.around(runner.server), host, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await runner.cleanup()


class _Guard:
    """Knows the open connections of one port, those that were quiet longest first."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._open: OrderedDict[asyncio.BaseTransport, _Connection] = OrderedDict()

    def around(self, handlers: Callable[[], asyncio.Protocol]) -> Callable[[], asyncio.Protocol]:
        return lambda: _Connection(self, handlers())

    def opened(self, connection: "_Connection", transport: asyncio.BaseTransport) -> None:
        self._open[transport] = connection
        if len(self._open) > self.bounds.connections:
            quiet = next((each for each in self._open.values() if not each.busy), next(iter(self._open.values())))
            quiet.abort()

    def closed(self, transport: asyncio.BaseTransport) -> None:
        self._open.pop(transport, None)

    def _note(self, transport: asyncio.BaseTransport | None, *, busy: bool) -> None:
        if transport is not None and transport in self._open:
            self._open[transport].note(busy=busy)
            self._open.move_to_end(transport)

    @property
    def middleware(self) -> Middleware:
        @web.middleware
        async def noting(request: web.Request, handler: Handler) -> web.StreamResponse:
            transport = request.transport
            self._note(transport, busy=True)
            try:
                return await handler(request)
            finally:
                self._note(transport, busy=False)

        return noting


class _Connection(asyncio.Protocol):
    """Passes everything on to aiohttp's handler, and ends the connection when its client takes too long."""

    def __init__(self, guard: _Guard, handler: asyncio.Protocol) -> None:
        self._guard = guard
        self._handler = handler
        self._transport: asyncio.BaseTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._unread = 0
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.note(busy=False)
        self._handler.connection_made(transport)
        self._guard.opened(self, transport)

    def note(self, *, busy: bool) -> None:
        """A request begins, or has been handled; then its answer has to be taken in time as well."""
        self.busy, self._unread = busy, 0
        bounds = self._guard.bounds
        self._cancel()
        seconds = bounds.request_seconds if busy else bounds.idle_seconds
        self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)

    def abort(self) -> None:
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._unread += 0 if self.busy else len(data)
        if self._unread > self._guard.bounds.unread_bytes:
            self.abort()
        else:
            self._handler.data_received(data)

    def eof_received(self) -> bool | None:
        return self._handler.eof_received()

    def pause_writing(self) -> None:
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        self._handler.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        self._cancel()
        if self._transport is not None:
            self._guard.closed(self._transport)
        self._handler.connection_lost(error)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

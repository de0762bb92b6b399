"""aiohttp applications in a thread of their own, so that tests of any kind, and other processes, can use them."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from aiohttp import web

START_SECONDS = 90.0


@contextmanager
def serving(make: Callable[[], Awaitable[web.Application]], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serves the application that `make` returns, which is called in the server's own event loop. Yields the URL."""
    started: Future[str] = Future()
    stop: Future[None] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(make, tls, started, stop)), daemon=True)
    thread.start()
    try:
        yield started.result(START_SECONDS)
    finally:
        stop.set_result(None)
        thread.join(START_SECONDS)


async def _serve(
    make: Callable[[], Awaitable[web.Application]],
    tls: ssl.SSLContext | None,
    started: "Future[str]",
    stop: "Future[None]",
) -> None:
    try:
        # A client that goes away ends its handler, so a stalled answer holds nothing up at the end.
        runner = web.AppRunner(await make(), handler_cancellation=True, shutdown_timeout=1.0, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
    except BaseException as error:
        started.set_exception(error)
        raise
    host, port = runner.addresses[0][:2]
    started.set_result(f"{'https' if tls else 'http'}://{host}:{port}")
    await asyncio.wrap_future(stop)
    listening = site._server
    await runner.cleanup()
    await _closed(listening)


async def _closed(listening: asyncio.AbstractServer | None) -> None:
    """aiohttp does not know of connections whose TLS handshake fails; their end needs the loop once more. Until
    Python 3.12 `wait_closed` does not wait for connections, so the count of them is asked for."""
    async with asyncio.timeout(START_SECONDS):
        while getattr(listening, "_active_count", 0):  # noqa: ASYNC110  # nothing tells of a change
            await asyncio.sleep(0.01)

"""HTTP to pods: one bounded connection pool for all of them."""

import asyncio
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL


class PodHttp:
    """One shared connection pool for all pods.

    A request waits for one of `max_in_flight` slots before its clock starts, so that many slow pods
    delay the others but never make them look unreachable.
    """

    def __init__(self, *, timeout_seconds: float = 5.0, max_in_flight: int = 64) -> None:
        self._slots = asyncio.Semaphore(max_in_flight)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=max_in_flight),
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes every connection; requests in flight fail."""
        await self._session.close()


def pod_url(host: str, port: int, path: str) -> URL:
    """Returns the URL; `path` is encoded already; an IPv6 address gets its brackets."""
    netloc = f"[{host}]" if ":" in host else host
    return URL(f"http://{netloc}:{port}{path}", encoded=True)

"""HTTP to pods: one bounded connection pool for all of them, and bounds on what they answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Self

import aiohttp
from yarl import URL

from .errors import ModelServerUnreachable, Unreachable

SMALL_BYTES = 64 * 1024
"""Any number of answers of this size is read at the same time."""

MOST_LARGE = 4
"""So many larger ones: whoever answers on a pod must not fill our memory, nor must many of them together."""

_HEADERS = {"Accept-Encoding": "identity"}
"""Compressed, a small answer may be a large one."""


@dataclass(frozen=True)
class Answer:
    """What a pod has answered. `body` is only the beginning where it is not `whole`."""

    status: int
    body: bytes
    whole: bool


class PodHttp:
    """One shared connection pool for all pods.

    A request waits for one of `max_in_flight` slots before its clock starts, so that many slow pods
    delay the others but never make them look unreachable.
    """

    unreachable: ClassVar[type[Unreachable]] = ModelServerUnreachable
    """What is raised where there is no usable answer."""

    def __init__(self, *, timeout_seconds: float = 5.0, max_in_flight: int = 64) -> None:
        self._slots = asyncio.Semaphore(max_in_flight)
        self._large = asyncio.Semaphore(MOST_LARGE)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=max_in_flight),
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,
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

    async def request(
        self,
        method: str,
        host: str,
        port: int,
        path: str,
        *,
        limit: int,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Returns the answer, of which at most `limit` bytes are read. A `body` is JSON; `path` is encoded already.
        Redirects are not followed. Raises `unreachable` when there is none, or not in time."""
        url = pod_url(host, port, path)
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            async with (
                self._slots,
                self._session.request(
                    method,
                    url.with_query(query) if query else url,
                    data=body,
                    headers=headers,
                    allow_redirects=False,
                ) as response,
            ):
                found = await self._read(response, limit + 1)
                return Answer(response.status, found[:limit], len(found) <= limit)
        except TimeoutError:
            raise self.unreachable(host, port, "no answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise self.unreachable(host, port, str(error) or type(error).__name__) from error

    async def _read(self, response: aiohttp.ClientResponse, count: int) -> bytes:
        """Returns the body to its end, in however many pieces it arrives, or its first `count` bytes. The rest is not
        read: the connection is closed."""
        first = await _up_to(response.content, min(count, SMALL_BYTES))
        if len(first) < SMALL_BYTES or count <= SMALL_BYTES:
            found = first
        else:
            async with self._large:
                found = first + await _up_to(response.content, count - len(first))
        if len(found) == count:
            response.close()
        return found


async def _up_to(content: aiohttp.StreamReader, count: int) -> bytes:
    found = bytearray()
    while len(found) < count and (data := await content.read(count - len(found))):
        found += data
    return bytes(found)


def pod_url(host: str, port: int, path: str) -> URL:
    """Returns the URL; `path` is encoded already; an IPv6 address gets its brackets."""
    netloc = f"[{host}]" if ":" in host else host
    return URL(f"http://{netloc}:{port}{path}", encoded=True)

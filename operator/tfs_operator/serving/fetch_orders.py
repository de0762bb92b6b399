"""Tells a pod's fetcher what to hold, and hears how far it is: one PUT, the same again and again."""

import asyncio
from types import TracebackType
from typing import Self

import aiohttp
from pydantic import ValidationError
from yarl import URL

from tfs_operator.domain.fetching import FETCHER_PORT, ORDER_PATH, FetchOrder, FetchReport
from tfs_operator.serving.errors import FetcherUnreachable

MAX_BODY_BYTES = 1024 * 1024
"""Far above a report on 32 models with all their versions."""


class FetcherClient:
    """One shared connection pool for the fetchers of all pods. A request waits for one of `max_in_flight` slots before
    its clock starts."""

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
        await self._session.close()

    async def tell(self, host: str, order: FetchOrder, port: int = FETCHER_PORT) -> FetchReport:
        """Raises FetcherUnreachable when there is no usable answer."""
        body = order.model_dump_json().encode()
        try:
            return FetchReport.model_validate_json(await self._put(_url(host, port), body))
        except TimeoutError:
            raise FetcherUnreachable(host, port, "no answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise FetcherUnreachable(host, port, str(error) or type(error).__name__) from error
        except ValidationError:
            raise FetcherUnreachable(host, port, "its answer is not a fetcher's report") from None

    async def _put(self, url: URL, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        async with self._slots, self._session.put(url, data=body, headers=headers, allow_redirects=False) as response:
            answer = await response.content.read(MAX_BODY_BYTES)
            response.raise_for_status()
            return answer


def _url(host: str, port: int) -> URL:
    netloc = f"[{host}]" if ":" in host else host
    return URL(f"http://{netloc}:{port}{ORDER_PATH}", encoded=True)

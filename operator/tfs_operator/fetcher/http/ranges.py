"""Reads ranges of a file from a web server, for the download engine."""

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack

import aiohttp

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.http.client import CHUNK, HttpClient
from tfs_operator.fetcher.http.errors import TransientFetchError
from tfs_operator.fetcher.http.retry import Retry, with_retries

Unchanged = Callable[[aiohttp.ClientResponse], bool]
"""Whether an answer is still of the file that was listed."""


async def ranged(
    web: HttpClient, url: str, headers: Mapping[str, str], byte_range: tuple[int, int], size: int, unchanged: Unchanged
) -> AsyncGenerator[memoryview, None]:
    """Yields the bytes of `byte_range` (start, end) in a file of `size` bytes, whether the server knows ranges or not:
    one that does not sends all of it, and what comes before is thrown away. Raises FetchError(VERSION_CHANGED) for
    another file."""
    start, end = byte_range
    async with AsyncExitStack() as stack:
        range_headers = dict(headers) | {"Range": f"bytes={start}-{end - 1}"}

        async def begin() -> aiohttp.ClientResponse:
            return await stack.enter_async_context(web.ask(url, range_headers, accept=(416,)))

        answer = await with_retries(Retry(), begin, lambda: 0)
        position = _begins_at(answer, size) if unchanged(answer) else None
        if position is None or position > start:
            raise FetchError(Reason.VERSION_CHANGED, f"{web.uri}: changed in the store while it was being fetched")
        while position < end and (data := await answer.content.read(CHUNK)):
            chunk = memoryview(data)[max(0, start - position) : end - position]
            position += len(data)
            if chunk:
                yield chunk
        if position < end:
            raise TransientFetchError(Reason.STORE_UNREACHABLE, f"{web.uri}: the connection was closed too early")


def _begins_at(answer: aiohttp.ClientResponse, size: int) -> int | None:
    """Offset of the answer's first byte; None where it is of a file of another size."""
    if answer.status == 206:
        found = re.fullmatch(r"bytes ([0-9]{1,18})-[0-9]+/([0-9]+|\*)", answer.headers.get("Content-Range", ""))
        return int(found.group(1)) if found and found.group(2) in (str(size), "*") else None
    length = answer.content_length
    return 0 if answer.status == 200 and length in (size, None) else None

"""How many objects one page of a list has, so that no page is larger than the operator can hold.

The API server counts objects, and one may have a few bytes or 1.5 MiB. So a page is read up to a number of bytes; one
that has more is asked for anew with fewer objects.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp

Page = TypeVar("Page")
PAGE_BYTES = 2 * 2**20
"""The most that a page of several objects may have. It takes some 20 ms to decode."""
FIRST_OBJECTS = 50
MOST_OBJECTS = 500
"""As client-go's pager asks for."""
_FEWER = 4


class PageTooLarge(Exception):
    """A page of several objects is larger than PAGE_BYTES."""


class PageSize:
    """Adapts the number of objects from page to page of one list."""

    def __init__(self) -> None:
        self.objects = FIRST_OBJECTS

    @property
    def most_bytes(self) -> int | None:
        """The most that the next page may have; None for a single object, which has to be read whole."""
        return PAGE_BYTES if self.objects > 1 else None

    async def fitting(self, ask: Callable[[], Awaitable[Page]]) -> Page:
        """Returns what `ask` returns once it does not raise PageTooLarge; each time there are fewer `objects`."""
        while True:
            try:
                return await ask()
            except PageTooLarge:
                self.objects = max(1, self.objects // _FEWER)

    def grow(self, size: int) -> None:
        """The page had `size` bytes; twice as many objects are asked for only if they are likely to fit."""
        if 3 * size < PAGE_BYTES:
            self.objects = min(MOST_OBJECTS, 2 * self.objects)


async def read(response: aiohttp.ClientResponse, most_bytes: int | None) -> bytes:
    """Returns the whole body. Raises PageTooLarge as soon as it has more than `most_bytes`."""
    if most_bytes is None:
        return await response.read()
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > most_bytes:
            raise PageTooLarge
        chunks.append(chunk)
    return b"".join(chunks)

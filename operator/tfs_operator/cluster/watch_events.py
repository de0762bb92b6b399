"""The events of one watch: a JSON object a line, as they come."""

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from tfs_operator.api.manifest import Manifest

from . import errors
from .decoding import Decoder

BOOKMARK = "BOOKMARK"
"""Of an event that tells a resourceVersion and nothing else."""


class WatchEvent(NamedTuple):
    """`type` is ADDED, MODIFIED, DELETED or BOOKMARK; the object does not carry its kind."""

    type: str
    object: Manifest

    @property
    def version(self) -> str:
        """The resourceVersion from which a later watch goes on."""
        return str(self.object["metadata"]["resourceVersion"])


class WatchEvents:
    """Iterate once. Raises the error that the API server sends as an event, and Transient for what is no event."""

    def __init__(self, chunks: AsyncIterator[bytes], decoder: Decoder | None = None) -> None:
        self._chunks = chunks
        self._decoder = decoder or Decoder()

    async def __aiter__(self) -> AsyncIterator[WatchEvent]:
        async for line in lines(self._chunks):
            yield await self._event(line)

    async def _event(self, line: bytes) -> WatchEvent:
        try:
            return _event(await self._decoder.decode(line))
        except (ValueError, LookupError, TypeError, AttributeError):
            raise errors.Transient(f"not an event of a watch: {line[:200].decode(errors='replace')}") from None


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yields whole lines, without their ends. One may be longer than what an HTTP client takes for one: an object may
    have more than a mebibyte."""
    rest: list[bytes] = []
    async for chunk in chunks:
        *ended, last = chunk.split(b"\n")
        for line in ended:
            yield b"".join([*rest, line])
            rest = []
        rest.append(last)


def _event(found: Any) -> WatchEvent:
    """Raises ValueError, LookupError, TypeError or AttributeError for what is no event, and whatever error the
    API server sends."""
    event = WatchEvent(found["type"], found["object"])
    if event.type == "ERROR":
        raise errors.from_response(int(event.object.get("code") or 500), {}, json.dumps(event.object).encode())
    _ = event.version
    return event

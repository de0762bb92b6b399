"""The events of one watch: a JSON object a line, as they come."""

import json
from collections.abc import AsyncIterator
from typing import NamedTuple

from tfs_operator.api.manifest import Manifest

from . import errors

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

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[WatchEvent]:
        """A line may be longer than what an HTTP client takes for one: an object may have more than a mebibyte."""
        rest: list[bytes] = []
        async for chunk in self._chunks:
            *lines, last = chunk.split(b"\n")
            for line in lines:
                yield _event(b"".join([*rest, line]))
                rest = []
            rest.append(last)


def _event(line: bytes) -> WatchEvent:
    try:
        found = json.loads(line)
        event = WatchEvent(found["type"], found["object"])
        if event.type != "ERROR":
            _ = event.version
    except (ValueError, LookupError, TypeError):
        raise errors.Transient(f"not an event of a watch: {line[:200].decode(errors='replace')}") from None
    if event.type == "ERROR":
        raise errors.from_response(int(event.object.get("code") or 500), {}, json.dumps(event.object).encode())
    return event

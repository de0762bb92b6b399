"""JSON as the API server sends it, whatever those who may write objects have put into it.

Nearly every field has a type, but `metadata.managedFields`, and fields that a CustomResourceDefinition leaves open,
are passed on as they came: nested as deeply as their writer likes, with numbers of any length, and with bytes that are
no UTF-8. Python's decoder raises RecursionError or ValueError for these. One such object must not end a list or a
watch of all the others.
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any

from tfs_operator.domain.object_size import MAX_DEPTH

_LONGEST_NUMBER = 30
_SAID_SECONDS = 60.0
_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{\]}]', re.DOTALL)

log = logging.getLogger(__name__)


class Decoder:
    """Decodes answers. What only a second, tolerant look can read is counted, and logged once a minute at most."""

    def __init__(
        self, on_malformed: Callable[[], None] = lambda: None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`on_malformed` is called for each text that could not be read as it is."""
        self._on_malformed = on_malformed
        self._clock = clock
        self._said_at = float("-inf")

    async def decode(self, text: bytes) -> Any:
        """Returns what the text says, without what is nested deeper than MAX_DEPTH if it cannot be read otherwise.
        Raises ValueError for what is no JSON. The second look takes place in a thread, since it may take a while."""
        try:
            return json.loads(text)
        except (RecursionError, ValueError):
            found = await asyncio.to_thread(tolerant, text)
        self._on_malformed()
        self._say(found)
        return found

    def _say(self, found: Any) -> None:
        if self._clock() - self._said_at < _SAID_SECONDS:
            return
        self._said_at = self._clock()
        log.warning(
            "an object of the API server is nested deeper than %d levels, or has a number or a text that is none: that "
            "part of it is left out, everything else is handled as usual. It is %s",
            MAX_DEPTH,
            _which(found),
        )


def tolerant(text: bytes) -> Any:
    """Returns what the text says, less deep and with other values in the place of those that cannot be. Raises
    ValueError for what is no JSON."""
    return json.loads(shallow(text).decode(errors="replace"), parse_int=_number)


def shallow(text: bytes) -> bytes:
    """Returns the text with null in the place of whatever is nested deeper than MAX_DEPTH."""
    depth, kept, start = 0, [], 0
    for found in _TOKENS.finditer(text):
        token = text[found.start() : found.start() + 1]
        if token in b"[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                kept += [text[start : found.start()], b"null"]
        elif token in b"]}":
            if depth == MAX_DEPTH + 1:
                start = found.end()
            depth -= 1
    return b"".join([*kept, text[start:]]) if depth <= MAX_DEPTH else b""


def _number(digits: str) -> int | float:
    """An integer of thousands of digits is one that Python refuses to read (sys.set_int_max_str_digits)."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float(digits[:_LONGEST_NUMBER])


def _which(found: Any) -> str:
    """Names an object, or the first and the last of a list."""
    items = found.get("items") if isinstance(found, dict) else None
    if isinstance(items, list) and items:
        return f"one of {len(items)} objects from {_name(items[0])} to {_name(items[-1])} ({found.get('kind')})"
    event = found.get("object") if isinstance(found, dict) else None
    return _name(event if isinstance(event, dict) else found)


def _name(item: Any) -> str:
    metadata = item.get("metadata") if isinstance(item, dict) else None
    if not isinstance(metadata, dict):
        return "without a name"
    kind = f"{item['kind']} " if isinstance(item.get("kind"), str) else ""
    return f"{kind}{metadata.get('namespace')}/{metadata.get('name')}"

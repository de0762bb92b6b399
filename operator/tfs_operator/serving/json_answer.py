"""Decodes JSON that a pod has answered, within a bound on the time that it takes.

The decoder holds the event loop, and costs time and memory for each value rather than for each byte: two MiB of `{},`
take half a second and 60 MB. So what a text can have in values is counted before, which takes a millisecond.
"""

import json
from typing import Any

_SHOWN = 200
MAX_VALUES = 100_000
"""At most 20 ms. A model status has eleven for each version."""


class NotJson(ValueError):
    """The text is not JSON, or is too much of it. Its words continue `its answer `."""


def error_words(body: bytes) -> str:
    """Returns `: ` and the error of an answer that has the form of TensorFlow Serving's, `{"error": "…"}`; empty for
    any other. Whatever else listens at a pod's address is not shown to who may read TFModels."""
    try:
        answer = decode(body)
    except NotJson:
        return ""
    error = answer.get("error") if isinstance(answer, dict) else None
    return f": {error[:_SHOWN]}" if isinstance(error, str) else ""


def decode(body: bytes) -> Any:
    """Raises NotJson."""
    if sum(map(body.count, (b"{", b"[", b",", b":"))) > MAX_VALUES:
        raise NotJson(f"has more than {MAX_VALUES} values")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise NotJson("is not JSON") from None

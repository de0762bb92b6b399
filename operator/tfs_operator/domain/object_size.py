"""How much an object of Kubernetes holds: about what its JSON has, without writing it."""

from typing import Any

MAX_DEPTH = 100
"""What is nested deeper than that is not read. A TFModel and the objects made for it have some 20 levels."""
MAX_SPEC_BYTES = 128 * 2**10
"""The most that is read of a TFModel's spec."""
UNREADABLE = "unreadable"
"""Key of a TFModel in the cache whose spec is left out: why, for people."""


def fits(value: Any, most: int) -> bool:
    """Returns whether the value has at most so many bytes, and is not nested deeper than MAX_DEPTH."""
    found = weight(value, most)
    return found is not None and found <= most


def weight(value: Any, most: int) -> int | None:
    """Returns about how many bytes the JSON of a value has, or a number above `most` once that is reached; None when it
    is nested deeper than MAX_DEPTH."""
    total, level = 0, [value]
    for _ in range(MAX_DEPTH):
        deeper: list[Any] = []
        for part in level:
            total += _own_weight(part)
            if total > most:
                return total
            deeper += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        if not deeper:
            return total
        level = deeper
    return None


def _own_weight(part: Any) -> int:
    if isinstance(part, str):
        return len(part) + 2
    if isinstance(part, dict):
        return 2 + sum(len(key) + 4 for key in part)
    return 2 + len(part) if isinstance(part, list) else 4


def unreadable(spec: Any) -> str | None:
    """Returns why a TFModel's spec is not read, for people; None for one that is."""
    found = weight(spec, MAX_SPEC_BYTES)
    if found is None:
        return f"spec: is nested deeper than {MAX_DEPTH} levels, which no field of a TFModel is. Remove that part"
    if found <= MAX_SPEC_BYTES:
        return None
    return (
        f"spec: has more than {MAX_SPEC_BYTES // 2**10} KiB, the most that is read of a TFModel. Move requests of "
        "rollout.verify into its configMap, and shorten server.env and server.extraArgs"
    )

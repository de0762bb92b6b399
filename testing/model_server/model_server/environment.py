"""The switches that only the double has, by environment; README.md documents them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

_PREFIX = "TFS_DOUBLE_"


@dataclass(frozen=True)
class Switches:
    """`bind_address`: where both ports listen, None as the real server does. `load_delay_seconds`: before a load."""

    bind_address: str | None = None
    load_delay_seconds: float = 0.0


def switches(environment: Mapping[str, str] = os.environ) -> Switches:
    """Reads TFS_DOUBLE_…; raises ValueError for one that does not exist, or a bad value."""
    given = {name.removeprefix(_PREFIX): value for name, value in environment.items() if name.startswith(_PREFIX)}
    unknown = set(given) - {"BIND_ADDRESS", "LOAD_DELAY_SECONDS"}
    if unknown:
        raise ValueError(f"no such switch of the double: {_PREFIX}{sorted(unknown)[0]}")
    delay = float(given.get("LOAD_DELAY_SECONDS") or 0)
    if not 0 <= delay < float("inf"):
        raise ValueError(f"{_PREFIX}LOAD_DELAY_SECONDS is not a number of seconds: {delay}")
    return Switches(given.get("BIND_ADDRESS") or None, delay)

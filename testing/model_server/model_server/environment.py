"""The switches that only the double has, by environment; README.md documents them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

_PREFIX = "TFS_DOUBLE_"


@dataclass(frozen=True)
class Switches:
    """`bind_address`: where both ports listen, None as the real server does. `load_delay_seconds`: before a load.
    `reserve_seconds`: between START and LOADING, where the real server reserves the resources of a load."""

    bind_address: str | None = None
    load_delay_seconds: float = 0.0
    reserve_seconds: float = 0.0
    mounts: Mapping[str, str] = field(default_factory=dict)
    """Where paths of a container lie on this machine."""

    def placed(self, path: str) -> str:
        """Returns where a base path lies."""
        for mount, place in self.mounts.items():
            if path == mount or path.startswith(f"{mount}/"):
                return place + path.removeprefix(mount)
        return path


def switches(environment: Mapping[str, str] = os.environ) -> Switches:
    """Reads TFS_DOUBLE_…; raises ValueError for one that does not exist, or a bad value."""
    given = {name.removeprefix(_PREFIX): value for name, value in environment.items() if name.startswith(_PREFIX)}
    unknown = set(given) - {"BIND_ADDRESS", "LOAD_DELAY_SECONDS", "RESERVE_SECONDS", "MOUNTS"}
    if unknown:
        raise ValueError(f"no such switch of the double: {_PREFIX}{sorted(unknown)[0]}")
    return Switches(
        given.get("BIND_ADDRESS") or None,
        _seconds(given, "LOAD_DELAY_SECONDS"),
        _seconds(given, "RESERVE_SECONDS"),
        _mounts(given.get("MOUNTS", "")),
    )


def _mounts(text: str) -> dict[str, str]:
    pairs = [mount.partition("=") for mount in text.split(":") if mount]
    if not all(path.startswith("/") and place.startswith("/") for path, _, place in pairs):
        raise ValueError(f"{_PREFIX}MOUNTS is not /PATH=/PLACE:…: {text}")
    return {path: place for path, _, place in pairs}


def _seconds(given: Mapping[str, str], name: str) -> float:
    seconds = float(given.get(name) or 0)
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"{_PREFIX}{name} is not a number of seconds: {seconds}")
    return seconds

"""What was measured of a tuned server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Load:
    """One run of the boston load. Milliseconds; `batch` is how many requests one run of the graph had."""

    rate: float
    p50: float
    p95: float
    p99: float
    failed: int
    cpu_ms: float
    batch: float


def quietest(loads: Sequence[Load]) -> Load:
    """The round with the most requests a second: what else goes on only makes a round slower. Failures of all."""
    return replace(max(loads, key=lambda load: load.rate), failed=sum(load.failed for load in loads))


@dataclass(frozen=True)
class FirstRequests:
    """Milliseconds of the first request after a start, and of the tenth; seconds from the start to the first status."""

    first: float
    tenth: float
    start: float


@dataclass(frozen=True)
class Calls:
    """gRPC calls, and how often their channels have connected. `codes`: of those that failed. Milliseconds."""

    calls: int
    connections: int
    codes: Mapping[str, int]
    p50: float
    p99: float
    slowest: float

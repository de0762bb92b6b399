"""What was measured of a tuned server."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


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


def median_load(loads: Sequence[Load]) -> Load:
    """Of each figure by itself; of failures the sum."""

    def middle(field: str) -> float:
        return float(statistics.median(getattr(load, field) for load in loads))

    figures = {field: middle(field) for field in ("rate", "p50", "p95", "p99", "cpu_ms", "batch")}
    return Load(failed=sum(load.failed for load in loads), **figures)


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

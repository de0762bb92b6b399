"""What tuning does, as tables for docs/tuning.md and as JSON."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from bench.report import filled
from bench.tuning_figures import Calls, FirstRequests, Load, quietest

LOAD_HEAD = """\
| | requests/s | p50 ms | p95 ms | p99 ms | requests in a run | server CPU ms a request | failed |
|---|--:|--:|--:|--:|--:|--:|--:|"""
FIRST_HEAD = """\
| | first request ms | tenth request ms | start s |
|---|--:|--:|--:|"""
CALLS_HEAD = """\
| | calls | connections | failed | p50 ms | p99 ms | slowest ms |
|---|--:|--:|--:|--:|--:|--:|"""


@dataclass(frozen=True)
class Result:
    """Rounds of each case by its title. `load_average` before and after."""

    day: date
    machine: str
    load_average: tuple[float, float]
    batching: Mapping[str, Sequence[Load]]
    parallelism: Mapping[str, Sequence[Load]]
    warmup: Mapping[str, Sequence[FirstRequests]]
    connections: Mapping[str, Calls]


def markdown(result: Result) -> str:
    rounds = len(next(iter(result.batching.values())))
    before, after = result.load_average
    measured = (
        f"Measured by `make bench-tuning` on {result.day.isoformat()}, {result.machine}, the test double of TensorFlow"
        f" Serving; load average {before:.1f} before, {after:.1f} after. Each load ran in {rounds} rounds, in turn, and"
        " the fastest counts, since other work only makes it slower; for first requests it is the median."
    )
    tables = [
        [LOAD_HEAD, *(load_row(title, loads) for title, loads in result.batching.items())],
        [FIRST_HEAD, *(first_row(title, starts) for title, starts in result.warmup.items())],
        [LOAD_HEAD, *(load_row(title, loads) for title, loads in result.parallelism.items())],
        [CALLS_HEAD, *(calls_row(title, calls) for title, calls in result.connections.items())],
    ]
    return "\n\n".join([filled(measured), *("\n".join(table) for table in tables)]) + "\n"


def load_row(title: str, loads: Sequence[Load]) -> str:
    load = quietest(loads)
    times = [f"{took:.1f}" for took in (load.p50, load.p95, load.p99)]
    return _row(title, f"{load.rate:.0f}", *times, f"{load.batch:.1f}", f"{load.cpu_ms:.2f}", load.failed)


def first_row(title: str, starts: Sequence[FirstRequests]) -> str:
    first, tenth, start = (
        statistics.median(getattr(each, field) for each in starts) for field in ("first", "tenth", "start")
    )
    return _row(title, f"{first:.1f}", f"{tenth:.1f}", f"{start:.1f}")


def calls_row(title: str, calls: Calls) -> str:
    failed = ", ".join(f"{count} {code}" for code, count in sorted(calls.codes.items())) or 0
    times = [f"{took:.1f}" for took in (calls.p50, calls.p99, calls.slowest)]
    return _row(title, calls.calls, calls.connections, failed, *times)


def _row(*cells: Any) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def as_json(result: Result) -> dict[str, Any]:
    return {**asdict(result), "day": result.day.isoformat()}

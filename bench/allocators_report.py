"""What `make bench-memory` has measured, as a table for docs/tuning.md and as JSON."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from bench.report import filled

COLUMNS = (
    *("", "MiB before", "after swaps", "at the end", "a swap s", "p99 ms meanwhile", "p50 ms", "p99 ms"),
    *("requests/s", "CPU ms each", "large ones/s", "CPU ms each"),
)


@dataclass(frozen=True)
class Run:
    """One process. `memory` in MiB, before the first swap and after each; `rested` at the end, some seconds later.
    `swapping_p99`, `p50`, `p99`: milliseconds of requests at a steady rate; `rate` and `large_rate`: as many requests a
    second as are answered, of ordinary and of large ones, and the CPU time of each."""

    memory: Sequence[float]
    rested: float
    swap_seconds: Sequence[float]
    swapping_p99: float
    p50: float
    p99: float
    rate: float
    cpu_ms: float
    large_rate: float
    large_cpu_ms: float


Runs = Mapping[str, Sequence[Run]]
"""Rounds, by the case's title."""


@dataclass(frozen=True)
class Result:
    """`others`: cores that other processes of the machine kept busy; `left_out`: a sentence, or empty."""

    day: date
    machine: str
    runs: Runs
    swaps: int
    rate: float
    others: float
    left_out: str


def markdown(result: Result) -> str:
    rounds = len(next(iter(result.runs.values())))
    method = (
        f"Measured by `make bench-memory` on {result.day.isoformat()}: {result.machine}; {result.swaps} swaps of a"
        f" model of 100 MB while 32 threads send {result.rate:g} requests a second; private memory that was written;"
        f" medians of {rounds} rounds, with the least and the most. Other processes kept {result.others:.1f} cores"
        f" busy. {result.left_out}"
    )
    head = ["| " + " | ".join(COLUMNS) + " |", "|---|" + "--:|" * (len(COLUMNS) - 1)]
    rows = [_row(title, runs) for title, runs in result.runs.items()]
    return "\n\n".join([filled(method), "\n".join([*head, *rows])]) + "\n"


def _row(title: str, runs: Sequence[Run]) -> str:
    cells = [
        _cell(runs, lambda run: run.memory[0], "{:.0f}"),
        _cell(runs, lambda run: run.memory[-1], "{:.0f}"),
        _cell(runs, lambda run: run.rested, "{:.0f}"),
        _cell(runs, lambda run: statistics.median(run.swap_seconds), "{:.2f}"),
        _cell(runs, lambda run: run.swapping_p99, "{:.0f}"),
        _cell(runs, lambda run: run.p50, "{:.2f}"),
        _cell(runs, lambda run: run.p99, "{:.2f}"),
        _cell(runs, lambda run: run.rate, "{:.0f}"),
        _cell(runs, lambda run: run.cpu_ms, "{:.2f}"),
        _cell(runs, lambda run: run.large_rate, "{:.0f}"),
        _cell(runs, lambda run: run.large_cpu_ms, "{:.2f}"),
    ]
    return "| " + " | ".join([title, *cells]) + " |"


def _cell(runs: Sequence[Run], value: Callable[[Run], float], form: str) -> str:
    values = [value(run) for run in runs]
    middle, least, most = (form.format(each) for each in (statistics.median(values), min(values), max(values)))
    return f"{middle} ({least}–{most})"  # noqa: RUF001  # a range


def as_json(result: Result) -> dict[str, Any]:
    return {**asdict(result), "day": result.day.isoformat()}

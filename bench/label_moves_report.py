"""What `make bench-label-moves` has measured, as Markdown and as JSON."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from bench.logged_move import LoggedMove
from bench.report import NEW_VERSION_TARGET, filled
from bench.series import percentile

HEAD = """\
| | median | p95 | longest |
|---|--:|--:|--:|"""


@dataclass(frozen=True)
class Result:
    """`cpu`: seconds of the operator's CPU time a move, until all is at rest again; `others`: cores that other
    processes of the machine kept busy meanwhile."""

    day: date
    machine: str
    replicas: int
    reserve_seconds: float
    moves: Sequence[LoggedMove]
    cpu: float
    others: float


def markdown(result: Result) -> str:
    method = (
        f"Measured by `make bench-label-moves` on {result.day.isoformat()}: {result.machine}, {result.replicas} pods,"
        f" {len(result.moves)} moves; a version stays START for {result.reserve_seconds:g} s. The operator took"
        f" {result.cpu * 1000:.0f} ms of CPU time a move. Other processes kept {result.others:.1f} cores busy."
    )
    rows = [
        _row("edit → the last pod begins to load", result.moves, lambda move: move.began),
        _row("AVAILABLE on the last pod → label on every pod", result.moves, lambda move: move.after_available),
        _row(f"both: p95 ≤ {NEW_VERSION_TARGET:g} s is to be reached", result.moves, lambda move: move.beside_load),
    ]
    return "\n\n".join([filled(method), "\n".join([HEAD, *rows])]) + "\n"


def _row(title: str, moves: Sequence[LoggedMove], value: Callable[[LoggedMove], float]) -> str:
    times = [value(move) for move in moves]
    cells = [statistics.median(times), percentile(times, 95), max(times)]
    return "| " + " | ".join([title, *(f"{seconds:.2f} s" for seconds in cells)]) + " |"


def as_json(result: Result) -> dict[str, Any]:
    return {**asdict(result), "day": result.day.isoformat()}

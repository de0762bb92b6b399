"""What was measured, as Markdown for docs/rollouts.md and as JSON."""

import statistics
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bench.machine import Machine
from bench.moves import Move
from bench.series import Series

WIDTH = 120
LABEL_MOVE_TARGET = 0.5
NEW_VERSION_TARGET = 2.0

HEAD = """\
| patch → every pod answers | moves | median | p95 | longest | to reach |
|---|---|---|---|---|---|"""

METHOD = """\
A time starts just before the PATCH, sent to the API server over an open connection, and ends when the last of
{replicas} pods answers `labels/canary/metadata` with the new version. Each pod is queried every 10 ms; while a version
loads every 50 ms, since servers and queries share the cores; with the ConfigMap every 250 ms. Each move by the operator
starts at rest: the status shows it, and every pod has exactly the versions and labels of the spec. Moves start after a
random pause, so that they hit any moment between two polls of server and kubelet. p95 is by nearest rank, so of 10
moves it is the longest.

"Without its load" subtracts the time between the server's own log lines "Loading servable version" and "Successfully
loaded servable version" on the pod that loaded it last ({load} in the median). The time before the load is included:
the server looks for versions once a second, and that pod began to load {began} after the PATCH in the median.

By ConfigMap a move waits for the kubelet, which renews mounted files every {sync} on this cluster (`syncFrequency`;
{usual} is the default), and then for the server, which reads its file every 30 s."""
USUAL_SYNC = "1m0s"


@dataclass(frozen=True)
class Result:
    """All moves that were measured, by who moved the label."""

    day: date
    machine: Machine
    replicas: int
    label_moves: Sequence[Move]
    new_versions: Sequence[Move]
    tried: Sequence[Move]
    """To new versions, each of which one pod had first."""

    polled: Sequence[Move]

    @property
    def series(self) -> list[Series]:
        loaded = tuple(move.seconds for move in self.label_moves)
        new = tuple(move.seconds for move in self.new_versions)
        bare = tuple(move.beside_load for move in self.new_versions)
        tried = tuple(move.seconds for move in self.tried)
        polled = tuple(move.seconds for move in self.polled)
        return [
            Series("label_move", "label to a loaded version", loaded, LABEL_MOVE_TARGET),
            Series("new_version", "label to a new version, without its load", bare, NEW_VERSION_TARGET),
            Series("new_version_with_load", "the same, its load included", new),
            Series("tried_version", "the same, tried on one pod first for 3 s, as by default", tried),
            Series("config_map", "label to a loaded version, by ConfigMap and a 30 s file poll", polled),
        ]

    @property
    def missed(self) -> list[Series]:
        return [series for series in self.series if series.missed]


def markdown(result: Result) -> str:
    method = METHOD.format(
        replicas=result.replicas,
        load=shown(statistics.median(move.last_load.seconds for move in result.new_versions)),
        began=shown(statistics.median(move.load_began for move in result.new_versions)),
        sync=result.machine.kubelet_sync,
        usual=USUAL_SYNC,
    )
    measured = f"Measured by `make bench-rollout` on {result.day.isoformat()}: {result.machine}."
    table = "\n".join([HEAD, *map(row, result.series)])
    return "\n\n".join([filled(measured), table, *map(filled, method.split("\n\n"))]) + "\n"


def filled(paragraph: str) -> str:
    return textwrap.fill(" ".join(paragraph.split()), WIDTH, break_on_hyphens=False)


def row(series: Series) -> str:
    p95 = "-" if series.p95 is None else shown(series.p95)
    cells = [series.title, len(series.times), shown(series.median), p95, shown(series.longest), verdict(series)]
    return "| " + " | ".join(map(str, cells)) + " |"


def verdict(series: Series) -> str:
    if series.target is None:
        return "for comparison"
    return f"p95 ≤ {series.target:g} s: " + ("**missed**" if series.missed else "reached")


def shown(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"


def as_json(result: Result) -> dict[str, Any]:
    return {
        "day": result.day.isoformat(),
        "machine": result.machine.as_json(),
        "replicas": result.replicas,
        "series": {series.name: summary(series) for series in result.series},
        "label_moves": [move.as_json() for move in result.label_moves],
        "new_versions": [move.as_json() for move in result.new_versions],
        "tried_versions": [move.as_json() for move in result.tried],
        "config_map_moves": [move.as_json() for move in result.polled],
    }


def summary(series: Series) -> dict[str, Any]:
    return {
        "title": series.title,
        "seconds": list(series.times),
        "median": series.median,
        "p95": series.p95,
        "longest": series.longest,
        "p95_to_reach": series.target,
        "missed": series.missed,
    }

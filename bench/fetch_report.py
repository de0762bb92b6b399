"""What fetching took, as a table and as JSON, and whether what is to be reached is."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bench.fetch_data import Shape
from bench.measured_process import Usage
from bench.report import filled

MEMORY_BOUND = 256 * 2**20
HEAD = """\
| what | by | wall time | CPU time | peak memory |
|---|---|---|---|---|"""


@dataclass(frozen=True)
class Series:
    """One fetcher on one shape, in the order of the rounds."""

    shape: Shape
    fetcher: str
    usages: Sequence[Usage]

    def median(self, of: Callable[[Usage], float]) -> float:
        return statistics.median(map(of, self.usages))

    @property
    def wall(self) -> float:
        return self.median(lambda usage: usage.wall)

    @property
    def cpu(self) -> float:
        return self.median(lambda usage: usage.cpu)

    @property
    def peak_memory(self) -> int:
        """The highest of all rounds, since a bound has to hold always."""
        return max(usage.peak_memory for usage in self.usages)


@dataclass(frozen=True)
class Result:
    """`machine` in words. `ours` is the name of the fetcher that has to be no slower than any other."""

    day: date
    machine: str
    ours: str
    series: Sequence[Series]

    @property
    def missed(self) -> list[str]:
        """A sentence for each target that is not reached."""
        return [
            sentence for series in self.series if series.fetcher == self.ours for sentence in self._missed_by(series)
        ]

    def _missed_by(self, ours: Series) -> list[str]:
        others = [it for it in self.series if it.shape == ours.shape and it.fetcher != self.ours]
        slower = [
            f"{ours.shape.title}: {ours.wall:.2f} s, and {other.fetcher} takes {other.wall:.2f} s"
            for other in others
            if ours.wall > other.wall
        ]
        if ours.peak_memory > MEMORY_BOUND:
            slower.append(f"{ours.shape.title}: {mib(ours.peak_memory)}, above {mib(MEMORY_BOUND)}")
        return slower


def markdown(result: Result) -> str:
    rounds = len(result.series[0].usages)
    measured = (
        f"Measured by `make bench-fetch` on {result.day.isoformat()}, {result.machine}. Medians of {rounds} rounds, in"
        " turn; peak memory is the highest."
    )
    return "\n\n".join([filled(measured), "\n".join([HEAD, *map(row, result.series)])]) + "\n"


def row(series: Series) -> str:
    cells = [f"{series.wall:.2f} s", f"{series.cpu:.2f} s", mib(series.peak_memory)]
    return "| " + " | ".join([series.shape.title, f"`{series.fetcher}`", *cells]) + " |"


def mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"


def as_json(result: Result) -> dict[str, Any]:
    return {
        "day": result.day.isoformat(),
        "machine": result.machine,
        "memory_bound": MEMORY_BOUND,
        "missed": result.missed,
        "series": [
            {
                "shape": series.shape.name,
                "bytes": series.shape.size,
                "fetcher": series.fetcher,
                "median": {"wall": series.wall, "cpu": series.cpu},
                "peak_memory": series.peak_memory,
                "rounds": [usage.as_json() for usage in series.usages],
            }
            for series in result.series
        ],
    }

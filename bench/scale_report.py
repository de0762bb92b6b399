"""What the operator costs with many TFModels, beside what is to be reached."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from bench.report import filled
from bench.scale_repair import Repairs
from bench.scale_stages import Burst, Rest, Restart, Singles
from bench.series import percentile

MIB = 2**20
BUSY_CORES = 0.2
"""Of other processes, above which times are not those of the operator alone."""


@dataclass(frozen=True)
class Size:
    """All that was measured with one number of TFModels."""

    burst: Burst
    rest: Rest
    restart: Restart
    one_at_a_time: Singles
    repairs: Mapping[str, Repairs]
    peak_memory: int

    @property
    def tfmodels(self) -> int:
        return self.burst.tfmodels


@dataclass(frozen=True)
class Result:
    """`machine` in words; `load` is the load average of the minute before."""

    day: date
    machine: str
    cores: int
    load: float
    sizes: Sequence[Size]

    @property
    def rows(self) -> "list[Row]":
        return list(_rows(self.sizes))

    @property
    def missed(self) -> list[str]:
        """A sentence for each target that is not reached."""
        return [sentence for row in self.rows for sentence in row.missed(self.sizes)]

    @property
    def disturbed(self) -> list[str]:
        """A sentence for each sign that the machine was busy with something else."""
        before = [f"the load average before was {self.load:.1f} on {self.cores} cores"] if self.load > 0.5 else []
        return before + [
            f"with {size.tfmodels} TFModels other processes kept {size.burst.others:.1f} of {self.cores} cores busy"
            for size in self.sizes
            if size.burst.others > BUSY_CORES
        ]


@dataclass(frozen=True)
class Row:
    """One figure, and the most that may be measured, by number of TFModels; 0 is for each."""

    title: str
    bounds: Mapping[int, float]
    value: Callable[[Size], float]
    show: Callable[[float], str]

    def bound(self, size: Size) -> float | None:
        return self.bounds.get(size.tfmodels, self.bounds.get(0))

    def is_missed(self, size: Size) -> bool:
        bound = self.bound(size)
        return bound is not None and self.value(size) > bound

    def missed(self, sizes: Sequence[Size]) -> list[str]:
        return [
            f"{self.title}, {size.tfmodels:,} TFModels: {self.show(self.value(size))}, at most"
            f" {self.show(self.bound(size) or 0.0)} is to be reached"
            for size in sizes
            if self.is_missed(size)
        ]

    @property
    def to_reach(self) -> str:
        named = [
            f"{self.show(bound)} at {number:,}" if number else self.show(bound) for number, bound in self.bounds.items()
        ]
        return "at most " + ", ".join(named) if named else "for comparison"

    def verdict(self, sizes: Sequence[Size]) -> str:
        judged = [self.is_missed(size) for size in sizes if self.bound(size) is not None]
        if not judged:
            return "-"
        return "**MISSED**" if any(judged) else "MET"


def _rows(sizes: Sequence[Size]) -> Iterator[Row]:
    writes = sizes[0].burst.children + 2.0
    yield Row("every child exists", {300: 10.0, 1000: 40.0}, lambda s: s.burst.complete, seconds)
    yield Row("create to Deployment, median", {}, lambda s: _median(s.burst.to_deployment), seconds)
    yield Row("create to Deployment, p95", {300: 8.0}, lambda s: _p95(s.burst.to_deployment), seconds)
    single = "one at a time, median"
    yield Row(f"create to Deployment, {single}", {}, lambda s: _median(s.one_at_a_time.to_deployment), millis)
    yield Row(f"create to autoscaler, {single}", {}, lambda s: _median(s.one_at_a_time.to_autoscaler), millis)
    yield Row("reads a TFModel", {0: 0.0}, lambda s: s.burst.requests.reads / s.tfmodels, number)
    yield Row("writes a TFModel", {0: writes}, lambda s: s.burst.requests.writes / s.tfmodels, number)
    yield Row("CPU time a TFModel", {0: 0.025}, lambda s: s.burst.cpu / s.tfmodels, millis)
    yield Row("peak memory", {300: 150 * MIB, 1000: 250 * MIB}, lambda s: s.peak_memory, mib)
    yield Row("writes in 60 s at rest", {0: 0.0}, lambda s: s.rest.requests.writes, number)
    yield Row("CPU time in 60 s at rest", {}, lambda s: s.rest.cpu, seconds)
    yield Row("restart", {300: 5.0}, lambda s: s.restart.seconds, seconds)
    yield Row("reads at the restart", {}, lambda s: s.restart.requests.reads, number)
    yield Row("writes at the restart", {0: 0.0}, lambda s: s.restart.requests.writes, number)
    yield from _repair_rows(sizes)
    yield from _growth_rows(sizes)


def _repair_rows(sizes: Sequence[Size]) -> Iterator[Row]:
    for kind in sizes[0].repairs:
        yield Row(f"deleted {kind} back, median", {0: 0.05}, _repair(kind, "deleted"), millis)
        yield Row(f"edited {kind} back, median", {0: 0.05}, _repair(kind, "edited"), millis)


def _repair(kind: str, damage: str) -> Callable[[Size], float]:
    return lambda size: _median(getattr(size.repairs[kind], damage))


def _growth_rows(sizes: Sequence[Size]) -> Iterator[Row]:
    """Times what a TFModel costs with the smallest number."""
    if len(sizes) < 2:
        return
    least = sizes[0].burst
    yield Row("growth of the CPU time a TFModel", {1000: 1.3}, _growth(least, lambda b: b.cpu), times)
    yield Row("growth of the time a TFModel", {1000: 1.3}, _growth(least, lambda b: b.complete), times)


def _growth(least: Burst, cost: Callable[[Burst], float]) -> Callable[[Size], float]:
    return lambda size: (cost(size.burst) / size.tfmodels) / (cost(least) / least.tfmodels)


def markdown(result: Result) -> str:
    counts = [f"{size.tfmodels:,}" for size in result.sizes]
    head = ["", *counts, "to reach", ""]
    table = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    table += ["| " + " | ".join(_cells(row, result.sizes)) + " |" for row in result.rows]
    measured = (
        f"Measured by `make bench-scale` on {result.day.isoformat()}: {result.machine}, load average before:"
        f" {result.load:.1f}. {' and '.join(result.disturbed).capitalize() or 'Nothing else ran'}."
    )
    return "\n\n".join([filled(measured), "\n".join(table)]) + "\n"


def _cells(row: Row, sizes: Sequence[Size]) -> list[str]:
    return [row.title, *(row.show(row.value(size)) for size in sizes), row.to_reach, row.verdict(sizes)]


def as_json(result: Result) -> dict[str, Any]:
    return {
        "day": result.day.isoformat(),
        "machine": result.machine,
        "load": result.load,
        "disturbed": result.disturbed,
        "missed": result.missed,
        "sizes": [asdict(size) for size in result.sizes],
    }


def _median(times: Sequence[float]) -> float:
    return statistics.median(times)


def _p95(times: Sequence[float]) -> float:
    return percentile(times, 95)


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def millis(value: float) -> str:
    return f"{value * 1000:.1f} ms" if value < 0.01 else f"{value * 1000:.0f} ms"


def mib(value: float) -> str:
    return f"{value / MIB:.0f} MiB"


def number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def times(value: float) -> str:
    return f"{value:.2f} times"

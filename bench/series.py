"""A series of measured times, and what is to be reached with it. Seconds throughout."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

MANY = 10
"""Of fewer times a 95th percentile says nothing."""


def percentile(times: Sequence[float], percent: float) -> float:
    """By nearest rank: always one of the times, never a value in between. So p95 of ten is the longest."""
    rank = math.ceil(percent / 100 * len(times))
    return sorted(times)[max(rank, 1) - 1]


@dataclass(frozen=True)
class Series:
    """`name` is its key in the JSON, `title` its row in the table; `target` is for the 95th percentile."""

    name: str
    title: str
    times: tuple[float, ...]
    target: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float | None:
        return percentile(self.times, 95) if len(self.times) >= MANY else None

    @property
    def longest(self) -> float:
        return max(self.times)

    @property
    def missed(self) -> bool:
        """A target is missed also when too little was measured to tell."""
        return self.target is not None and (self.p95 is None or self.p95 > self.target)

"""Keeps the time after a failure until the next attempt."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tfs_operator.domain.backoff import delay

FIRST_SECONDS = 1.0
MOST_SECONDS = 300.0
_PERMANENT_SECONDS = 30.0
"""Where only a person can help, to begin with. A Secret takes the kubelet a minute to bring anyway."""


@dataclass
class Backoff:
    """The back-off of one thing that is tried again: doubles with each failure in a row, up to five minutes or what is
    given. Jitter takes up to a quarter off, so that the pods of a TFModel do not ask the store all at once."""

    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    """Between 0 and 1."""

    failures: int = 0
    due: float = field(default=0.0)
    """When the next attempt may begin, by `clock`."""

    def failed(self, *, retry: bool = True, most: float = MOST_SECONDS) -> float:
        """Counts a failure, and returns the seconds until the next attempt, `most` at the most."""
        first = FIRST_SECONDS if retry else _PERMANENT_SECONDS
        self.failures += 1
        seconds = delay(self.failures, first, most) * (1.0 - self.jitter() / 4)
        self.due = self.clock() + seconds
        return seconds

    def reset(self) -> None:
        """Lets the next attempt begin now; the next failure is the first again."""
        self.failures = 0
        self.due = 0.0

    @property
    def ready(self) -> bool:
        return self.clock() >= self.due

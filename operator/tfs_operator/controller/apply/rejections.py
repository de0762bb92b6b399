"""Children that the API server rejected a moment ago: tried again with back-off, while all else goes on at its pace."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tfs_operator.cluster.cache import Key
from tfs_operator.domain.backoff import delay
from tfs_operator.domain.observation import Problem

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 60.0


@dataclass(frozen=True)
class _Rejection:
    digest: str
    problem: Problem
    attempts: int
    until: float


class Rejections:
    """Remembers those of one TFModel's children, only to save repetition: after a loss each is tried once more."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[Key, _Rejection] = {}

    def standing(self, child: Key, digest: str) -> Problem | None:
        """Returns why this very child was rejected, if it is too early to try it again."""
        rejection = self._known.get(child)
        if rejection is None or rejection.digest != digest or self._clock() >= rejection.until:
            return None
        return rejection.problem

    def record(self, child: Key, digest: str, problem: Problem) -> None:
        """Notes that the child was rejected, for the first time or again."""
        before = self._known.get(child)
        attempts = before.attempts + 1 if before is not None and before.digest == digest else 1
        until = self._clock() + delay(attempts, FIRST_SECONDS, LONGEST_SECONDS)
        self._known[child] = _Rejection(digest, problem, attempts, until)

    def clear(self, child: Key) -> None:
        """Notes that the child was written."""
        self._known.pop(child, None)

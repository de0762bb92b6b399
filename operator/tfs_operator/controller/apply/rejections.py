"""Children that were refused a moment ago: tried again with back-off, while everything else goes on at its own pace."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tfs_operator.cluster.cache import Key
from tfs_operator.controller.key import TFModelKey
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
    """Remembers only to save repetition: whoever forgets asks once more."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[TFModelKey, dict[Key, _Rejection]] = {}

    def forget(self, tfmodel: TFModelKey) -> None:
        """Drops what is remembered of a TFModel that is gone."""
        self._known.pop(tfmodel, None)

    def standing(self, tfmodel: TFModelKey, child: Key, digest: str) -> Problem | None:
        """Why this very child was refused, if it is too early to ask again."""
        refusal = self._known.get(tfmodel, {}).get(child)
        if refusal is None or refusal.digest != digest or self._clock() >= refusal.until:
            return None
        return refusal.problem

    def refused(self, tfmodel: TFModelKey, child: Key, digest: str, problem: Problem) -> None:
        """Takes note of a refusal, the first or another one."""
        known = self._known.setdefault(tfmodel, {})
        before = known.get(child)
        attempts = before.attempts + 1 if before is not None and before.digest == digest else 1
        pause = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (attempts - 1))
        known[child] = _Rejection(digest, problem, attempts, self._clock() + pause)

    def taken(self, tfmodel: TFModelKey, child: Key) -> None:
        """The child was written."""
        self._known.get(tfmodel, {}).pop(child, None)

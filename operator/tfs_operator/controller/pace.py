"""How soon to look again when no event comes: often while something moves, slowly when nothing does."""

import time
from collections.abc import Callable, Mapping

from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.controller.key import TFModelKey
from tfs_operator.domain.judgement import Verdict

FAST_SECONDS = 0.3
_FAST_FOR_SECONDS = 120.0
_MOVING = {Reason.LOADING, Reason.LABELING}


class Pace:
    """Model servers tell nobody when a version is loaded, so they are asked."""

    def __init__(self, slow_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._slow_seconds = slow_seconds
        self._clock = clock
        self._moving_since: dict[TFModelKey, float] = {}

    def forget(self, key: TFModelKey) -> None:
        self._moving_since.pop(key, None)

    def next(self, key: TFModelKey, verdicts: Mapping[ConditionType, Verdict], *, settled: bool) -> float:
        """Seconds. `settled`: every pod shows what it was told, so nothing is being loaded or unloaded. What has been
        moving for two minutes without an end is asked at the slow pace too."""
        moving = not settled or any(verdict.reason in _MOVING for verdict in verdicts.values())
        if not moving:
            self.forget(key)
            return self._slow_seconds
        since = self._moving_since.setdefault(key, self._clock())
        return FAST_SECONDS if self._clock() - since < _FAST_FOR_SECONDS else self._slow_seconds

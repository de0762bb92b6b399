"""Slows down what is repeated too soon: a watch that ends as soon as it begins, for example."""

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import NamedTuple

from tfs_operator.domain.backoff import delay

QUICK_SECONDS = 5.0
"""What is repeated later than this was of some use."""
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 3.0


class _Last(NamedTuple):
    """When something was begun, and how many times in a row it was repeated too soon."""

    at: float
    streak: int


class Throttle:
    """Remembers one moment for each thing: for things that are few."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[Hashable, _Last] = {}

    async def pause(self, what: Hashable) -> None:
        """Pauses before `what` is begun; not the first time, nor after a while."""
        seconds = self.due(what)
        if seconds > 0:
            await asyncio.sleep(seconds)

    def due(self, what: Hashable) -> float:
        """Returns seconds from now until it may begin; counts as its beginning."""
        now = self._clock()
        last = self._last.get(what)
        streak = last.streak + 1 if last is not None and now - last.at < QUICK_SECONDS else 0
        seconds = delay(streak, _FIRST_PAUSE, _LONGEST_PAUSE)
        self._last[what] = _Last(now + seconds, streak)
        return seconds

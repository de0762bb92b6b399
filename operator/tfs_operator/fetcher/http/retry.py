"""Tries a request again after a passing failure, within one attempt of the base path's sync."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tfs_operator.domain.backoff import delay
from tfs_operator.fetcher.http.errors import TransientFetchError

T = TypeVar("T")


@dataclass(frozen=True)
class Retry:
    """How often, and how soon, a request is tried again."""

    attempts: int = 3
    """In a row, without anything having arrived in between."""

    first_seconds: float = 0.5
    """Doubled after each attempt, and up to as much again at random, so that many pods do not come back at once."""

    most_seconds: float = 30
    """Also where the server asks for more: the sync's own back-off goes on from there."""

    def pause(self, failures: int, requested: float | None) -> float:
        """Returns the seconds before the next attempt after so many failures, at least one."""
        own = delay(failures, self.first_seconds, self.most_seconds) * random.uniform(1, 2)
        return min(self.most_seconds, max(own, requested or 0.0))


async def with_retries(retry: Retry, attempt: Callable[[], Awaitable[T]], arrived: Callable[[], int]) -> T:
    """Calls `attempt` until it succeeds, fails for good, or has failed too often. `arrived` says how much is there:
    while that grows, the count of failures begins anew."""
    failures, before = 0, arrived()
    while True:
        try:
            return await attempt()
        except TransientFetchError as error:
            failures, before = (1 if arrived() > before else failures + 1), arrived()
            if failures >= retry.attempts:
                raise
            await asyncio.sleep(retry.pause(failures, error.after))

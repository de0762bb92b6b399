"""Keeps what became of each version so far: the last failure, when it is tried again, and how far the running attempt
is."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.backoff import Backoff
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteVersion

_PERMANENT = {Reason.NO_SAVED_MODEL, Reason.INCOMPLETE_VERSION, Reason.ARCHIVE_REFUSED}
"""What is wrong lies in the version itself, and another attempt finds the same."""

_CONTENT = _PERMANENT | {Reason.VERSION_CHANGED}


@dataclass
class Attempt:
    """What became of one version."""

    backoff: Backoff
    problem: FetchError | None = None
    progress: Progress | None = None
    """Of the running attempt; None when none runs."""

    tried: RemoteVersion | None = None
    """As it was listed when it was last tried."""

    failed_at: float = float("-inf")


class Attempts:
    """Keeps the attempts of one base path, by version."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._attempts: dict[int, Attempt] = {}

    def __getitem__(self, number: int) -> Attempt:
        return self._attempts.setdefault(number, Attempt(Backoff(self._clock)))

    def get(self, number: int) -> Attempt | None:
        return self._attempts.get(number)

    def failed(self, number: int, error: FetchError) -> float:
        """Notes a failure, and returns the seconds until the next attempt."""
        attempt = self[number]
        attempt.problem = error
        attempt.failed_at = self._clock()
        return attempt.backoff.failed(retry=error.retry)

    def succeeded(self, number: int) -> None:
        self._attempts.pop(number, None)

    def ended(self, number: int) -> None:
        """Notes that no attempt runs any more."""
        if number in self._attempts:
            self._attempts[number].progress = None

    def keep(self, numbers: Collection[int]) -> None:
        """Forgets all others."""
        self._attempts = {number: attempt for number, attempt in self._attempts.items() if number in numbers}

    def reset(self, reason: Reason | None = None) -> None:
        """Lets every version, or those that failed for `reason`, be tried at once."""
        for attempt in self._attempts.values():
            if attempt.problem and (reason is None or attempt.problem.reason is reason):
                attempt.backoff.reset()

    def bad(self) -> frozenset[int]:
        """Returns the versions whose content cannot be served."""
        failed = ((number, attempt.problem) for number, attempt in self._attempts.items())
        return frozenset(number for number, problem in failed if problem and problem.reason in _CONTENT)

    def may_begin(self, version: RemoteVersion, listed_at: float) -> bool:
        """Whether a version may be tried now. Bad content is tried again once it is other content, or when the orders
        change. What was on the way is tried again after the back-off, and after a look at the store since the
        failure."""
        attempt = self.get(version.number)
        if attempt is None:
            return True
        if attempt.problem is None:
            return attempt.backoff.ready
        if attempt.problem.reason in _PERMANENT:
            return attempt.tried != version or attempt.backoff.failures == 0
        return attempt.backoff.ready and listed_at >= attempt.failed_at

    def next_due(self, numbers: Collection[int]) -> float:
        """Returns when the next of these may be tried again, by the clock; what may begin already is left out."""
        now = self._clock()
        found = (self._attempts[number].backoff.due for number in numbers if number in self._attempts)
        return min((due for due in found if due > now), default=float("inf"))

    def due(self, numbers: Collection[int]) -> float:
        """Returns when the first of these may be tried again, by the clock."""
        found = (self._attempts[number].backoff.due for number in numbers if number in self._attempts)
        return min(found, default=float("inf"))

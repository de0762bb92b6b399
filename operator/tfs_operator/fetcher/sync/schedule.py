"""Decides when to look again: at the store, at the model server, at the folder. Stores are paid by the request."""

import time
from collections.abc import Callable, Set

from tfs_operator.fetcher.core.backoff import Backoff
from tfs_operator.fetcher.sync.attempts import Attempts
from tfs_operator.fetcher.sync.store_listing import StoreListing
from tfs_operator.fetcher.sync.view import BasePathView

_MOVING_SECONDS = 1.0
_RESTING_SECONDS = 10.0
_SERVER_SECONDS = 30.0
_LEAST_SECONDS = 0.05


class Schedule:
    """The times of one base path. `failed_versions` are, everywhere, the versions that the model server has given up
    with an error."""

    def __init__(self, listing: StoreListing, attempts: Attempts, clock: Callable[[], float] = time.monotonic) -> None:
        self.poll_seconds = 60.0
        self._listing = listing
        self._attempts = attempts
        self._clock = clock
        self._lookout = Backoff(clock)
        """For what cannot be fetched and is looked for: often at first, then rarely."""
        self._server_due = 0.0

    def reset(self) -> None:
        """Begins anew, since the orders have changed."""
        self._lookout.reset()
        self._listing.backoff.reset()

    def listed(self, view: BasePathView, failed_versions: Set[int]) -> None:
        """Notes the end of a list call."""
        if self._sought(view, failed_versions):
            self._lookout.failed()
        else:
            self._lookout.reset()

    def listing_is_due(self, view: BasePathView, failed_versions: Set[int]) -> bool:
        return self._clock() >= self._listing_due(view, failed_versions)

    def until_listing(self, view: BasePathView, failed_versions: Set[int]) -> float:
        """Returns the seconds until the next list call; infinite where nothing is sought."""
        return max(self._listing_due(view, failed_versions) - self._clock(), 0.0)

    def asks_server(self, view: BasePathView) -> bool:
        """Whether to ask the model server: whenever the answer decides something, else now and then."""
        undecided = bool(view.present.keys() - view.aspired() or view.changed() or view.present.keys() - view.fetched)
        if not undecided and self._clock() < self._server_due:
            return False
        self._server_due = self._clock() + _SERVER_SECONDS
        return True

    def wait(self, view: BasePathView, failed_versions: Set[int], *, listing: bool) -> float:
        """Returns the seconds until the next pass, where nothing wakes it sooner, as the end of a list call (`listing`:
        one runs) or of an attempt does."""
        moving = view.missing() or view.changed() or view.present.keys() - view.aspired()
        listing_due = float("inf") if listing else self._listing_due(view, failed_versions)
        due = min(listing_due, self._attempts.next_due(view.missing() | view.changed()))
        most = _MOVING_SECONDS if moving else _RESTING_SECONDS
        return min(max(due - self._clock(), _LEAST_SECONDS), most)

    def _listing_due(self, view: BasePathView, failed_versions: Set[int]) -> float:
        if self._listing.failed:
            return self._listing.backoff.due
        if self._listing.versions is None:
            return self._first_due(view, failed_versions)
        poll = self._listing.asked_at + self.poll_seconds
        due = poll if view.discovers else float("inf")
        if self._sought(view, failed_versions):
            due = min(due, poll, self._lookout.due)
        return min(due, self._retry_due(view), self._settled_due(view))

    def _first_due(self, view: BasePathView, failed_versions: Set[int]) -> float:
        needed = view.discovers or view.missing() or view.aspired() & self._unfit(view, failed_versions)
        return float("-inf") if needed else float("inf")

    def _retry_due(self, view: BasePathView) -> float:
        """Before a failed version is tried again the store is looked at."""
        failed = [n for n in view.missing() | view.changed() if self._stale(n)]
        return self._attempts.due(failed)

    def _settled_due(self, view: BasePathView) -> float:
        """An upload that is waited for is looked at again as soon as it can have ended."""
        sought = view.unsettled.keys() & (view.missing() | view.changed())
        return min((view.unsettled[number] for number in sought), default=float("inf"))

    def _stale(self, number: int) -> bool:
        attempt = self._attempts.get(number)
        return attempt is not None and attempt.problem is not None and self._listing.asked_at < attempt.failed_at

    def _unfit(self, view: BasePathView, failed_versions: Set[int]) -> Set[int]:
        """What this pod's server has given up, or the operator."""
        return failed_versions | view.unfit()

    def _sought(self, view: BasePathView, failed_versions: Set[int]) -> bool:
        """Whether something is ordered that only a change in the store can bring."""
        unlisted = view.missing() - (view.listed or {}).keys()
        empty = view.discovers and not view.listed
        unfit = view.aspired() & self._unfit(view, failed_versions)
        return bool(empty or unlisted or view.missing() & view.bad or unfit)

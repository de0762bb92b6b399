"""Asks a store what it has, and keeps the answer."""

import asyncio
import time
from collections.abc import Callable, Mapping

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.backoff import MOST_SECONDS, Backoff
from tfs_operator.fetcher.core.errors import FetchError, ListingRefused
from tfs_operator.fetcher.core.source import RemoteVersion, Source
from tfs_operator.fetcher.core.unexpected import unexpected_error
from tfs_operator.fetcher.saved_model.checks import check_listing
from tfs_operator.fetcher.sync.settling import unsettled_seconds

DEADLINE_SECONDS = 3600.0
"""A list call takes seconds; a source of archives may fetch a whole archive to see what is in it."""

MOST_LISTING_SECONDS = 30.0
"""At most between two list calls that fail: they cost little, and a user may be waiting for a correction to count. An
archive or a listing that is refused may have been fetched for the call."""


class StoreListing:
    """Keeps the last answer of one source."""

    def __init__(
        self, source: Source, clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time
    ) -> None:
        """`now` returns seconds since the epoch."""
        self._source = source
        self._clock = clock
        self._now = now
        self._first_seen: dict[int, tuple[RemoteVersion, float]] = {}
        """By number: the version as it is listed, and since when, by `clock`."""

        self._lock = asyncio.Lock()
        self._whole: frozenset[int] = frozenset()
        self.backoff = Backoff(clock)
        self.versions: Mapping[int, RemoteVersion] | None = None
        """By number; None before the first answer. It stays where a later question fails."""

        self.problem: FetchError | None = None
        self.asked_at = float("-inf")
        """When the last answer or error came, by `clock`."""

        self._unsettled: dict[int, float] = {}

    @property
    def whole(self) -> frozenset[int] | None:
        """Returns the versions that are whole and at rest by their listing; None while the store has not answered, or
        fails."""
        return None if self.versions is None or self.failed else self._whole - self._unsettled.keys()

    @property
    def failed(self) -> bool:
        """Whether the last answer was an error. A store that has nothing has answered."""
        return self.problem is not None and self.problem.reason is not Reason.NO_VERSIONS

    @property
    def unsettled(self) -> Mapping[int, float]:
        """Returns the versions whose upload may still be running, and when each is to be listed again, by `clock`."""
        return self._unsettled

    async def refresh(self) -> Mapping[int, RemoteVersion]:
        """Makes one list call, and returns its answer. Raises FetchError."""
        async with self._lock:
            try:
                async with asyncio.timeout(DEADLINE_SECONDS):
                    self.versions = await self._source.versions()
            except TimeoutError:
                self._failed(self._too_slow())
            except FetchError as error:
                self._failed(error)
            except Exception as error:
                self._failed(unexpected_error(self._source.uri, error))
            else:
                self.problem = None
                self._whole = frozenset(n for n, version in self.versions.items() if self._is_whole(version))
                self.backoff.reset()
                self._note_changes(self.versions)
            finally:
                self.asked_at = self._clock()
        if self.problem:
            raise self.problem
        return self.versions or {}

    def _is_whole(self, version: RemoteVersion) -> bool:
        try:
            check_listing(self._source.uri, version)
        except FetchError:
            return False
        return True

    def _note_changes(self, versions: Mapping[int, RemoteVersion]) -> None:
        if self._source.publishes_at_once:
            return
        seen, known, now = self._clock(), self._first_seen, self._now()
        self._first_seen = {
            number: known[number] if number in known and known[number][0] == version else (version, seen)
            for number, version in versions.items()
        }
        remaining = {
            number: unsettled_seconds(version, seen - since, now)
            for number, (version, since) in self._first_seen.items()
        }
        self._unsettled = {number: seen + seconds for number, seconds in remaining.items() if seconds > 0}

    def _failed(self, error: FetchError) -> None:
        self.problem = error
        if error.reason is Reason.NO_VERSIONS:
            self.versions, self._whole, self._unsettled = {}, frozenset(), {}
        is_costly = error.reason is Reason.ARCHIVE_REFUSED or isinstance(error, ListingRefused)
        most = MOST_SECONDS if is_costly else MOST_LISTING_SECONDS
        self.backoff.failed(retry=error.retry, most=most)

    def _too_slow(self) -> FetchError:
        cause = f"the store has not said within {DEADLINE_SECONDS:.0f} s what it has"
        return FetchError(Reason.STORE_UNREACHABLE, f"{self._source.uri}: {cause}")

"""Watches one base path on a volume: looks at it every second, and reports what it saw last."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial

from tfs_operator.domain.fetch_protocol import FetchProblem, LocalFolder, ModelOrder, ModelReport, VersionSet
from tfs_operator.domain.times import rfc3339_seconds
from tfs_operator.fetcher.core.threads import in_daemon_thread
from tfs_operator.fetcher.core.unexpected import unexpected_error
from tfs_operator.fetcher.local.base_path_listing import NOTHING, BasePathListing, listing
from tfs_operator.fetcher.local.folder_report import FolderView, folder_report
from tfs_operator.fetcher.saved_model.folder_problems import silent

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between two looks. The model server looks as often."""

SILENT_SECONDS = 4.0
"""A look that takes longer is reported. It goes on, and none begins besides: a volume that hangs holds one thread."""

_MOST_GONE = 10_000
"""So many versions that went last are remembered."""


class FolderWatch:
    """Watches the base path of one model. `clock` is monotonic; `now` returns seconds since the epoch."""

    def __init__(
        self,
        folder: LocalFolder,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        look: Callable[[LocalFolder, BasePathListing, float], BasePathListing] = listing,
    ) -> None:
        self.name = folder.name
        self._folder = folder
        self._clock = clock
        self._now = now
        self._look = look
        self._order: ModelOrder | None = None
        self._listing: BasePathListing | None = None
        self._gone: dict[int, float] = {}
        """Versions that were there and are not any more, and since when."""
        self._begun: tuple[float, float] | None = None
        """When the look began that is under way, by `clock` and by `now`."""
        self._logged: FetchProblem | None = None
        self._looks = self._taken = 0
        """How many looks were begun, and which of them the listing is."""
        self._named: dict[int, int] = {}
        """The versions that are ordered by name, and how many looks were begun before that."""
        self._due = asyncio.Event()

    def order(self, order: ModelOrder) -> None:
        """Takes the order, by which the report names versions that are not there. A version that is new to it is looked
        for at once: it may have come since the last look."""
        self._order = order
        self._named = {number: self._named.get(number, self._looks) for number in order.named}
        if self._unseen:
            self._due.set()

    @property
    def _unseen(self) -> frozenset[int]:
        """Versions for which no look has begun since they were ordered."""
        return frozenset(number for number, looks in self._named.items() if looks >= self._taken)

    def started(self) -> bool:
        """Whether a model server can start with what is there: with any of the named versions, as it opens its ports
        once one is available; under a policy, with one that is whole."""
        if self._order is None or self._listing is None:
            return False
        start = self._order.start
        if start == VersionSet():
            return True
        named = self._listing.versions.keys() & set(start.versions)
        return bool(named or (start.discovers and self._listing.whole))

    @property
    def whole(self) -> frozenset[int] | None:
        """Returns the versions that are whole; None while that is not known."""
        return None if self._listing is None or self._silence() else self._listing.whole

    def report(self) -> ModelReport:
        silence = self._silence()
        view = FolderView(self._folder, self._order, self._listing, dict(self._gone), silence, self._unseen)
        return folder_report(view)

    async def run(self) -> None:
        """Runs for ever. A look that hangs is abandoned when this is cancelled."""
        while True:
            self._due.clear()
            await self._next_look()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._due.wait()

    async def _next_look(self) -> None:
        self._begun = self._clock(), self._now()
        self._looks += 1
        try:
            work = partial(self._look, self._folder, self._listing or NOTHING, self._now())
            found = await in_daemon_thread(work, None)
        except Exception as error:
            caught = unexpected_error(self._folder.uri, error)
            found = BasePathListing(problem=FetchProblem(reason=caught.reason, message=caught.message))
        self._begun, self._taken = None, self._looks
        self._take(found)

    def _take(self, found: BasePathListing) -> None:
        before = self._listing.versions.keys() if self._listing else ()
        self._note_gone(before, found.versions.keys())
        self._listing = found
        if found.problem != self._logged:
            self._logged = found.problem
            message = found.problem.message if found.problem else f"{self._folder.uri}: there are versions again"
            log.log(logging.WARNING if found.problem else logging.INFO, "%s: %s", self.name, message)

    def _note_gone(self, before: Iterable[int], present: Iterable[int]) -> None:
        now, there = self._now(), set(present)
        for number in set(before) - there:
            self._gone[number] = now
        gone = [(number, since) for number, since in self._gone.items() if number not in there]
        self._gone = dict(gone[-_MOST_GONE:])

    def _silence(self) -> FetchProblem | None:
        """The problem of a look that takes too long."""
        if self._begun is None or self._clock() - self._begun[0] < SILENT_SECONDS:
            return None
        return silent(self._folder, rfc3339_seconds(self._begun[1]))

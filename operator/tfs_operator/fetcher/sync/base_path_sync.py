"""Keeps one base path as it is ordered to be: looks, decides, acts, and looks again.

Each pass starts from what is: the orders, the folders, the store's last answer, what the model server says. Listing and
fetching run beside the passes, since they take long; a pass starts them, and stops what nobody wants any more.
Versions of one base path are fetched one after another; `slots` bounds how many base paths fetch at once.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import ModelOrder, ModelReport
from tfs_operator.domain.observation import END, VersionStatus
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteVersion, Source
from tfs_operator.fetcher.core.threads import in_thread
from tfs_operator.fetcher.metrics import Metrics
from tfs_operator.fetcher.sync.attempts import Attempts
from tfs_operator.fetcher.sync.install import Arrival
from tfs_operator.fetcher.sync.listing import Listing
from tfs_operator.fetcher.sync.model_server import ModelServer
from tfs_operator.fetcher.sync.removal import discarded, removable
from tfs_operator.fetcher.sync.report import model_report
from tfs_operator.fetcher.sync.schedule import Rhythm
from tfs_operator.fetcher.sync.unexpected import mistake
from tfs_operator.fetcher.sync.view import View
from tfs_operator.fetcher.volume.shared_claims import BEAT_SECONDS, Sharing
from tfs_operator.fetcher.volume.staging import VersionFolders, remove

log = logging.getLogger(__name__)

_OTHER_POD_SECONDS = 2.0
_VOLUME_SECONDS = 5.0
"""How soon to look again: at what another pod fetches; at a volume that cannot be read."""


@dataclass(frozen=True)
class Surroundings:
    """What every keeper of a process shares."""

    server: ModelServer
    slots: asyncio.Semaphore
    metrics: Metrics
    clock: Callable[[], float] = time.monotonic
    settles: bool = True
    """Whether versions in place are synced to the disk, in the background; not where the process ends then."""


class Keeper:
    """One base path. `names` are the models that are read from it; more than one where they have the same URI."""

    def __init__(
        self, names: tuple[str, ...], source: Source, folders: VersionFolders, sharing: Sharing, around: Surroundings
    ) -> None:
        self.names = names
        self._label = "/".join(names)
        self._source = source
        self._folders = folders
        self._sharing = sharing
        self._around = around
        self._orders: dict[str, ModelOrder] = {}
        self._listing = Listing(source, around.clock)
        self._attempts = Attempts(around.clock)
        self._rhythm = Rhythm(self._listing, self._attempts, around.clock)
        self._arrival = Arrival(self._label, source, self._listing, folders, durable=bool(sharing.owner))
        self._view = View(orders={}, present={}, complete=False)
        self._wake = asyncio.Event()
        self._asking: asyncio.Task[None] | None = None
        self._fetching: tuple[int, asyncio.Task[None]] | None = None
        self._settling: dict[int, asyncio.Task[None]] = {}
        self._refused: frozenset[int] = frozenset()
        """Versions that the model server has given up with an error."""

    def order(self, name: str, order: ModelOrder, poll_seconds: float) -> None:
        """The same order again changes nothing; another one is tried at once, whatever has failed before."""
        self._rhythm.poll_seconds = poll_seconds
        if self._orders.get(name) == order:
            return
        self._orders[name] = order
        self._attempts.reset()
        self._rhythm.reset()
        self._wake.set()

    def report(self, name: str) -> ModelReport:
        orders = {name: self._orders[name]} if name in self._orders else {}
        return model_report(self._source.uri, self._now(orders), self._attempts, self._listing.problem)

    def started(self) -> bool:
        """Whether a model server can start with what is there."""
        view = self._now(self._orders)
        return len(self._orders) == len(self.names) and all(map(view.started, self._orders.values()))

    def complete(self) -> bool:
        """Whether everything that is ordered is there."""
        view = self._now(self._orders)
        known = not view.discovers or view.offered() is not None
        return self.started() and known and not view.missing()

    async def run(self) -> None:
        """For ever. When cancelled, everything that was begun stays as it is, to be gone on with."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._beat())
                group.create_task(self._pass_for_ever())
        finally:
            await self._stop(task for task in (self._asking, self._fetching and self._fetching[1]) if task)
            await self._stop(self._settling.values())
            await self._source.close()

    async def _pass_for_ever(self) -> None:
        while True:
            self._wake.clear()
            wait = await self._guarded_pass()
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _guarded_pass(self) -> float:
        """Seconds until the next one is due."""
        try:
            await self._pass()
        except OSError as error:
            log.warning("%s: %s cannot be read or written: %s", self._label, self._folders.base, error.strerror)
            return _VOLUME_SECONDS
        except Exception as error:
            mistake(self._label, error)
            return _VOLUME_SECONDS
        return self._rhythm.wait(self._now(self._orders), self._refused, asking=self._is_asking())

    async def _pass(self) -> None:
        self._view = await self._look()
        self._begin_listing()
        self._stop_fetching()
        await self._remove()
        self._begin_fetching()

    async def _look(self) -> View:
        """Asks the server what it uses, declares what is needed, and only then looks: see Sharing.declare."""
        await in_thread(self._folders.make)
        before = self._now(self._orders)
        states = await self._ask_server() if self._rhythm.asks_server(before) else None
        await in_thread(self._sharing.declare, _needed(replace(before, states=states)))
        present = await in_thread(self._folders.present)
        held = await in_thread(self._sharing.held, present.keys())
        view = replace(self._now(self._orders), present=present, held=held, states=states)
        self._attempts.keep(view.wanted() | self._busy_here())
        return view

    def _now(self, orders: Mapping[str, ModelOrder]) -> View:
        """What was seen last, with what is known since."""
        return replace(
            self._view,
            orders=dict(orders),
            complete=len(self._orders) == len(self.names),
            listed=self._listing.versions,
            listing_failed=self._listing.failed,
            bad=self._attempts.bad(),
        )

    async def _ask_server(self) -> Mapping[int, str] | None:
        answers = await asyncio.gather(*(self._around.server.versions(name) for name in self.names))
        known = [status for answer in answers if answer is not None for status in answer.values()]
        self._refused = frozenset(status.version for status in known if status.state == END and status.failed)
        return None if None in answers else _furthest(known)

    def _begin_listing(self) -> None:
        if not self._is_asking() and self._orders and self._rhythm.listing_is_due(self._view, self._refused):
            self._asking = self._spawn(self._list())

    def _is_asking(self) -> bool:
        return self._asking is not None and not self._asking.done()

    async def _list(self) -> None:
        problem: FetchError | None = None
        try:
            await self._listing.ask()
        except FetchError as error:
            problem = error
        view = self._now(self._orders)
        self._rhythm.listed(view, self._refused)
        if problem:
            self._around.metrics.failed(self._label, problem.reason)
            seconds = self._rhythm.until_listing(view, self._refused)
            log.warning("%s: %s (%s); again in %.0f s", self._label, problem.message, problem.reason, seconds)

    def _stop_fetching(self) -> None:
        if self._fetching and self._view.complete and self._fetching[0] not in self._view.wanted():
            self._fetching[1].cancel()

    def _begin_fetching(self) -> None:
        if self._fetching:
            return
        view = self._now(self._orders)
        listed = view.listed or {}
        for number in view.fetchable():
            if number not in self._settling and self._attempts.may_begin(listed[number], self._listing.asked):
                self._fetching = (number, self._spawn(self._fetch(listed[number])))
                return

    async def _fetch(self, version: RemoteVersion) -> None:
        try:
            async with self._around.slots:
                await self._fetch_unless_other(version)
        except FetchError as error:
            self._failed(version, error)
        except OSError as error:
            self._failed(version, FetchError(Reason.STORE_ERROR, f"{self._folders.base}: {error.strerror}"))
        except Exception as error:
            self._failed(version, mistake(f"{self._source.uri}: version {version.number}", error))
        finally:
            self._fetching = None
            self._attempts.ended(version.number)

    async def _fetch_unless_other(self, version: RemoteVersion) -> None:
        other = await in_thread(self._sharing.claim, version.number)
        if other:
            self._wait_for(version, other)
            return
        try:
            present = await in_thread(self._folders.present)
            if present.get(version.number) != version:
                await self._bring(version)
        finally:
            await in_thread(self._sharing.release, version.number)
        self._attempts.succeeded(version.number)
        self._view = replace(self._view, present={**self._view.present, version.number: version})

    async def _bring(self, version: RemoteVersion) -> None:
        attempt = self._attempts[version.number]
        attempt.tried = version
        progress = attempt.progress = Progress(version.size, self._around.clock)
        await self._arrival.bring(version, progress)
        log.info("%s: version %s: in place, %s", self._label, version.number, progress.summary())
        self._around.metrics.fetched(self._label, progress)
        if self._around.settles:
            self._settling[version.number] = self._spawn(self._settle(version))

    async def _settle(self, version: RemoteVersion) -> None:
        try:
            await self._arrival.settle(version)
        finally:
            self._settling.pop(version.number, None)

    def _failed(self, version: RemoteVersion, error: FetchError) -> None:
        seconds = self._attempts.failed(version.number, error)
        self._around.metrics.failed(self._label, error.reason)
        log.warning("%s: %s (%s); again in %.0f s", self._label, error.message, error.reason, seconds)

    def _wait_for(self, version: RemoteVersion, other: str) -> None:
        attempt = self._attempts[version.number]
        if attempt.tried is None:
            log.info("%s: version %s: pod %s is fetching it", self._label, version.number, other)
        attempt.tried = version
        attempt.backoff.due = self._around.clock() + _OTHER_POD_SECONDS

    async def _remove(self) -> None:
        view = self._now(self._orders)
        for number in sorted(removable(view) - self._busy_here()):
            await in_thread(self._remove_one, number)
            self._attempts.reset(Reason.DISK_FULL)
        for leftover in await in_thread(self._folders.leftovers):
            alive = await in_thread(self._sharing.alive, leftover.owner)
            fetching = self._fetching[0] if self._fetching else None
            if discarded(view, leftover, self._sharing.owner, fetching=fetching, alive=alive):
                await in_thread(remove, leftover.path)

    def _remove_one(self, number: int) -> None:
        try:
            hidden = self._folders.hide(number)
        except FileNotFoundError:  # another pod has removed it
            return
        if number in self._sharing.held({number}):
            self._folders.restore(hidden, number)
            return
        remove(hidden)
        log.info("%s: version %s: removed, since nobody wants it any more", self._label, number)

    def _busy_here(self) -> set[int]:
        return {*self._settling, *([self._fetching[0]] if self._fetching else [])}

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await in_thread(self._sharing.beat)
            except OSError as error:
                log.warning("%s: no sign of life can be left: %s", self._label, error.strerror)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._wake.set()
        if not task.cancelled() and (error := task.exception()):
            mistake(self._label, error)

    async def _stop(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        for task in (running := list(tasks)):
            task.cancel()
        if running:
            await asyncio.wait(running)


def _needed(view: View) -> frozenset[int]:
    """What is wanted, and what the server has loaded, or may have."""
    own = replace(view, held=frozenset())
    return own.wanted() | {number for number in own.present if own.busy(number)}


def _furthest(statuses: Iterable[VersionStatus]) -> dict[int, str]:
    """Of a version that several models have, a state in which somebody needs it."""
    states: dict[int, str] = {}
    for status in statuses:
        if states.get(status.version, END) == END:
            states[status.version] = status.state
    return states

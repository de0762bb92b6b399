"""Keeps one base path in line with its orders: looks, decides, acts, and looks again.

Each pass starts from what is: the orders, the folders, the store's last answer, what the model server says. Listing and
fetching run beside the passes, since they take long; a pass starts them, and stops what is not ordered any more.
Versions of one base path are fetched one after another; `slots` bounds how many base paths fetch at once.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import ModelOrder, ModelReport
from tfs_operator.domain.observation import END, VersionStatus
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import RemoteVersion, Source
from tfs_operator.fetcher.core.threads import in_thread
from tfs_operator.fetcher.core.unexpected import unexpected_error
from tfs_operator.fetcher.metrics import FetcherMetrics
from tfs_operator.fetcher.model_server.client import ModelServerClient
from tfs_operator.fetcher.sync.attempts import Attempts
from tfs_operator.fetcher.sync.install import Installer
from tfs_operator.fetcher.sync.removal import discarded, removable
from tfs_operator.fetcher.sync.report import model_report
from tfs_operator.fetcher.sync.schedule import Schedule
from tfs_operator.fetcher.sync.store_listing import StoreListing
from tfs_operator.fetcher.sync.view import BasePathView
from tfs_operator.fetcher.volume.disk import volume_error
from tfs_operator.fetcher.volume.shared_claims import BEAT_SECONDS, Claims
from tfs_operator.fetcher.volume.staging import VersionFolders, remove

log = logging.getLogger(__name__)

_OTHER_POD_SECONDS = 2.0
_VOLUME_SECONDS = 5.0
"""How soon to look again: at what another pod fetches; at a volume that cannot be read."""


@dataclass(frozen=True)
class Shared:
    """What all base paths of a process share."""

    server: ModelServerClient
    slots: asyncio.Semaphore
    metrics: FetcherMetrics
    clock: Callable[[], float] = time.monotonic


class BasePathSync:
    """Keeps one base path in line with its orders. `names` are the models that are read from it; more than one where
    they have the same URI."""

    def __init__(
        self, names: tuple[str, ...], source: Source, folders: VersionFolders, claims: Claims, shared: Shared
    ) -> None:
        self.names = names
        self._label = "/".join(names)
        self._source = source
        self._folders = folders
        self._claims = claims
        self._shared = shared
        self._orders: dict[str, ModelOrder] = {}
        self._listing = StoreListing(source, shared.clock)
        self._attempts = Attempts(shared.clock)
        self._schedule = Schedule(self._listing, self._attempts, shared.clock)
        self._installer = Installer(
            self._label, source, self._listing, folders, self._is_loaded, durable=bool(claims.owner)
        )
        self._view = BasePathView(orders={}, present={}, complete=False)
        self._wake = asyncio.Event()
        self._listing_task: asyncio.Task[None] | None = None
        self._fetching: tuple[int, asyncio.Task[None]] | None = None
        self._settling: dict[int, asyncio.Task[None]] = {}
        self._failed_versions: frozenset[int] = frozenset()
        """Versions that the model server has given up with an error."""

    def order(self, name: str, order: ModelOrder, poll_seconds: float) -> None:
        """Takes the order of one model. The same again changes nothing; another one is tried at once, whatever has
        failed before."""
        self._schedule.poll_seconds = poll_seconds
        if self._orders.get(name) == order:
            return
        self._orders[name] = order
        self._attempts.reset()
        self._schedule.reset()
        self._wake.set()

    def report(self, name: str) -> ModelReport:
        orders = {name: self._orders[name]} if name in self._orders else {}
        view, whole = self._now(orders), self._listing.whole
        listed = None if whole is None else whole - view.unready
        return model_report(self._source.uri, view, self._attempts, self._listing.problem, listed)

    @property
    def fetched(self) -> frozenset[int]:
        """Returns the versions that are in place, whole and checked."""
        return frozenset(self._view.fetched)

    def started(self) -> bool:
        """Whether a model server can start with what is there."""
        view = self._now(self._orders)
        return len(self._orders) == len(self.names) and all(map(view.started, self._orders.values()))

    async def run(self) -> None:
        """Runs for ever. When cancelled, what was begun stays as it is, to be resumed."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._beat())
                group.create_task(self._pass_for_ever())
        finally:
            await self._stop(task for task in (self._listing_task, self._fetching and self._fetching[1]) if task)
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
            unexpected_error(self._label, error)
            return _VOLUME_SECONDS
        return self._schedule.wait(self._now(self._orders), self._failed_versions, listing=self._is_listing())

    async def _pass(self) -> None:
        self._view = await self._look()
        self._begin_listing()
        self._stop_fetching()
        await self._remove()
        self._begin_fetching()

    async def _look(self) -> BasePathView:
        """Asks the server what it uses, declares what is needed, and only then looks: see Claims.declare."""
        await in_thread(self._folders.make)
        before = self._now(self._orders)
        states = await self._ask_server() if self._schedule.asks_server(before) else None
        await in_thread(self._claims.declare, _needed(replace(before, states=states)))
        present = await in_thread(self._folders.present)
        held = await in_thread(self._claims.held, present.keys())
        view = replace(self._now(self._orders), present=present, held=held, states=states)
        self._attempts.keep(view.aspired() | self._busy_here())
        return view

    def _now(self, orders: Mapping[str, ModelOrder]) -> BasePathView:
        """What was seen last, with what is known since."""
        return replace(
            self._view,
            orders=dict(orders),
            complete=len(self._orders) == len(self.names),
            listed=self._listing.versions,
            listing_failed=self._listing.failed,
            bad=self._attempts.bad(),
            unsettled=self._listing.unsettled,
        )

    async def _ask_server(self) -> Mapping[int, str] | None:
        answers = await asyncio.gather(*(self._shared.server.versions(name) for name in self.names))
        known = [status for answer in answers if answer is not None for status in answer.values()]
        self._failed_versions = frozenset(status.version for status in known if status.state == END and status.failed)
        return None if None in answers else _furthest(known)

    async def _is_loaded(self, number: int) -> bool:
        """Whether the server has a version; one that does not answer has none that it could answer with."""
        return (await self._ask_server() or {}).get(number, END) != END

    def _begin_listing(self) -> None:
        if not self._is_listing() and self._orders and self._schedule.listing_is_due(self._view, self._failed_versions):
            self._listing_task = self._spawn(self._list())

    def _is_listing(self) -> bool:
        return self._listing_task is not None and not self._listing_task.done()

    async def _list(self) -> None:
        problem: FetchError | None = None
        try:
            await self._listing.refresh()
        except FetchError as error:
            problem = error
        view = self._now(self._orders)
        self._schedule.listed(view, self._failed_versions)
        if problem:
            self._shared.metrics.failed(self._label, problem.reason)
            seconds = self._schedule.until_listing(view, self._failed_versions)
            log.warning("%s: %s (%s); again in %.0f s", self._label, problem.message, problem.reason, seconds)

    def _stop_fetching(self) -> None:
        if self._fetching and self._view.complete and self._fetching[0] not in self._view.aspired():
            self._fetching[1].cancel()

    def _begin_fetching(self) -> None:
        if self._fetching:
            return
        view = self._now(self._orders)
        listed = view.listed or {}
        for number in view.fetchable():
            if number not in self._settling and self._attempts.may_begin(listed[number], self._listing.asked_at):
                self._fetching = (number, self._spawn(self._fetch(listed[number])))
                return

    async def _fetch(self, version: RemoteVersion) -> None:
        try:
            async with self._shared.slots:
                await self._fetch_unless_other(version)
        except FetchError as error:
            self._failed(version, error)
        except OSError as error:
            self._failed(version, volume_error(str(self._folders.base), error))
        except Exception as error:
            self._failed(version, unexpected_error(f"{self._source.uri}: version {version.number}", error))
        finally:
            self._fetching = None
            self._attempts.ended(version.number)

    async def _fetch_unless_other(self, version: RemoteVersion) -> None:
        other = await in_thread(self._claims.claim, version.number)
        if other:
            self._wait_for(version, other)
            return
        try:
            present = await in_thread(self._folders.present)
            if present.get(version.number) != version:
                await self._bring(version)
        finally:
            await in_thread(self._claims.release, version.number)
        self._attempts.succeeded(version.number)
        self._view = replace(self._view, present={**self._view.present, version.number: version})

    async def _bring(self, version: RemoteVersion) -> None:
        attempt = self._attempts[version.number]
        attempt.tried = version
        progress = attempt.progress = Progress(version.size, self._shared.clock)
        await self._installer.install(version, progress)
        log.info("%s: version %s: in place, %s", self._label, version.number, progress.summary())
        self._shared.metrics.fetched(self._label, progress)
        self._settling[version.number] = self._spawn(self._settle(version))

    async def _settle(self, version: RemoteVersion) -> None:
        try:
            await self._installer.settle(version)
        finally:
            self._settling.pop(version.number, None)

    def _failed(self, version: RemoteVersion, error: FetchError) -> None:
        seconds = self._attempts.failed(version.number, error)
        self._shared.metrics.failed(self._label, error.reason)
        log.warning("%s: %s (%s); again in %.0f s", self._label, error.message, error.reason, seconds)

    def _wait_for(self, version: RemoteVersion, other: str) -> None:
        attempt = self._attempts[version.number]
        if attempt.tried is None:
            log.info("%s: version %s: pod %s is fetching it", self._label, version.number, other)
        attempt.tried = version
        attempt.backoff.due = self._shared.clock() + _OTHER_POD_SECONDS

    async def _remove(self) -> None:
        view = self._now(self._orders)
        for number in sorted(removable(view) - self._busy_here()):
            await in_thread(self._remove_one, number)
            self._attempts.reset(Reason.DISK_FULL)
        for leftover in await in_thread(self._folders.leftovers):
            alive = await in_thread(self._claims.alive, leftover.owner)
            fetching = self._fetching[0] if self._fetching else None
            if discarded(view, leftover, self._claims.owner, fetching=fetching, alive=alive):
                await in_thread(self._discard, leftover.path)

    def _discard(self, hidden: Path) -> None:
        try:
            self._folders.discard(hidden)
        except FetchError as error:
            log.warning("%s: %s", self._label, error.message)

    def _remove_one(self, number: int) -> None:
        try:
            hidden = self._folders.hide(number)
        except FileNotFoundError:  # another pod has removed it
            return
        except FetchError as error:
            log.warning("%s: %s", self._label, error.message)
            return
        if number in self._claims.held({number}):
            self._folders.restore(hidden, number)
            return
        remove(hidden)
        log.info("%s: version %s: removed, since it is not ordered any more", self._label, number)

    def _busy_here(self) -> set[int]:
        return {*self._settling, *([self._fetching[0]] if self._fetching else [])}

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await in_thread(self._claims.beat)
            except OSError as error:
                log.warning("%s: its claims cannot be renewed: %s", self._label, error.strerror)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._wake.set()
        if not task.cancelled() and (error := task.exception()):
            unexpected_error(self._label, error)

    async def _stop(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        for task in (running := list(tasks)):
            task.cancel()
        if running:
            await asyncio.wait(running)


def _needed(view: BasePathView) -> frozenset[int]:
    """Returns what is ordered, and what the server has loaded, or may have."""
    own = replace(view, held=frozenset())
    return own.aspired() | {number for number in own.present if own.busy(number)}


def _furthest(statuses: Iterable[VersionStatus]) -> dict[int, str]:
    """Picks, for a version of several models, a state in which one of them needs it."""
    states: dict[int, str] = {}
    for status in statuses:
        if states.get(status.version, END) == END:
            states[status.version] = status.state
    return states

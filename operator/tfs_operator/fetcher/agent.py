"""The agent of one pod: what is fetched and what lies on volumes, behind one order and one report."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tfs_operator.domain.fetch_protocol import FetchOrder, FetchReport
from tfs_operator.fetcher.local.folder_watch import FolderWatch
from tfs_operator.fetcher.sync.pod import PodFetcher

MAX_BEAT_AGE_SECONDS = 30.0


@dataclass
class Heartbeat:
    """Shows whether the event loop still runs."""

    clock: Callable[[], float] = time.monotonic
    last_beat: float = field(init=False)

    def __post_init__(self) -> None:
        self.beat()

    def beat(self) -> None:
        self.last_beat = self.clock()

    @property
    def age(self) -> float:
        return self.clock() - self.last_beat


class Agent:
    """Passes orders to the fetcher and to the watches of one pod, and puts their reports together."""

    def __init__(self, fetcher: PodFetcher, watches: Sequence[FolderWatch] = ()) -> None:
        self.health = Heartbeat()
        self._fetcher = fetcher
        self._watches = {watch.name: watch for watch in watches}
        self._was_ready = False

    def order(self, order: FetchOrder) -> None:
        """Takes an order. Models that this pod does not have are left out: the order may be for pods of another
        revision."""
        self._fetcher.order(order)
        for name, model_order in order.models.items():
            if name in self._watches:
                self._watches[name].order(model_order)

    def report(self) -> FetchReport:
        local = {name: watch.report() for name, watch in self._watches.items()}
        return FetchReport(models={**self._fetcher.reports(), **local}, ready=self._has_all())

    def ready(self) -> bool:
        """Whether the model server may start; once True it stays so."""
        self._was_ready = self._was_ready or self._has_all()
        return self._was_ready

    async def run(self) -> None:
        """Runs for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat())
            group.create_task(self._fetcher.run())
            for watch in self._watches.values():
                group.create_task(watch.run())

    def _has_all(self) -> bool:
        return self._fetcher.started() and all(watch.started() for watch in self._watches.values())

    async def _beat(self) -> None:
        while True:
            self.health.beat()
            await asyncio.sleep(1.0)

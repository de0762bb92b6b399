"""The agent of one pod: what is fetched and what lies on volumes, behind one order and one report."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tfs_operator.domain.fetch_protocol import ExpectedModel, FetchOrder, FetchReport, ModelReport
from tfs_operator.fetcher.core.unexpected import unexpected_error
from tfs_operator.fetcher.local.folder_watch import FolderWatch
from tfs_operator.fetcher.model_server.client import ModelServerClient
from tfs_operator.fetcher.model_server.readiness import Readiness
from tfs_operator.fetcher.model_server.server_watch import ServerWatch
from tfs_operator.fetcher.model_server.starting_config import StartingConfig
from tfs_operator.fetcher.revision import Revision
from tfs_operator.fetcher.sync.pod import PodFetcher

MAX_BEAT_AGE_SECONDS = 30.0
CONFIG_SECONDS = 1.0
CHANGE_SECONDS = 0.5


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

    def __init__(
        self,
        fetcher: PodFetcher,
        watches: Sequence[FolderWatch] = (),
        config: StartingConfig | None = None,
        client: ModelServerClient | None = None,
    ) -> None:
        """`config`: what the model server starts with, where this pod's reads that; `client` asks it whether it is in
        step, where that is to be known."""
        self.health = Heartbeat()
        self.revision = Revision()
        self._config = config
        self._readiness = Readiness()
        self._server: ServerWatch | None = None
        if client is not None:
            self._server = ServerWatch(client, self._expected, self._reports, self._readiness)
        self._fetcher = fetcher
        self._watches = {watch.name: watch for watch in watches}
        self._was_ready = False

    def order(self, order: FetchOrder) -> None:
        """Takes an order of the operator."""
        self._readiness.ordered()
        if self._server is not None:
            self._server.alone = order.alone
        self.begin(order)

    def begin(self, order: FetchOrder) -> None:
        """Takes an order, also that of the plan, which is no sign of an operator. Models that this pod does not have
        are left out: the order may be for pods of another revision."""
        self._fetcher.order(order)
        for name, model_order in order.models.items():
            if name in self._watches:
                self._watches[name].order(model_order)
        if self._config is not None:
            self._config.expect(order.expect)
            self._config.write(self._in_place)

    def report(self) -> FetchReport:
        report = FetchReport(models=self._reports(), ready=self._has_all(), lag=self._readiness.lag)
        self.revision.note(report)
        return report.model_copy(update={"revision": self.revision.value})

    def why_not_in_step(self) -> str | None:
        """Returns why the pod is to take no traffic; None where it may."""
        return self._readiness.why_not()

    def ready(self) -> bool:
        """Whether the model server may start; once True it stays so."""
        if not self._was_ready and self._has_all():
            self._was_ready = self._has_its_config()
        return self._was_ready

    async def run(self) -> None:
        """Runs for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat())
            group.create_task(self._fetcher.run())
            group.create_task(self._keep_config())
            group.create_task(self._note_changes())
            if self._server is not None:
                group.create_task(self._server.run())
            for watch in self._watches.values():
                group.create_task(watch.run())

    def _reports(self) -> dict[str, ModelReport]:
        local = {name: watch.report() for name, watch in self._watches.items()}
        return {**self._fetcher.reports(), **local}

    def _expected(self) -> tuple[ExpectedModel, ...]:
        return self._config.expected if self._config is not None else ()

    def _has_all(self) -> bool:
        return self._fetcher.started() and all(watch.started() for watch in self._watches.values())

    def _has_its_config(self) -> bool:
        """Whether the model server finds what it starts with, as of this moment."""
        if self._config is None:
            return True
        self._config.write(self._in_place)
        return self._config.is_written

    def _in_place(self, name: str) -> frozenset[int] | None:
        return self._watches[name].whole if name in self._watches else self._fetcher.fetched(name)

    async def _keep_config(self) -> None:
        """What a policy picks changes with what is in place."""
        while self._config is not None:
            self._config.write(self._in_place)
            await asyncio.sleep(CONFIG_SECONDS)

    async def _note_changes(self) -> None:
        while True:
            try:
                self.report()
            except Exception as error:
                unexpected_error("the report", error)
            await asyncio.sleep(CHANGE_SECONDS)

    async def _beat(self) -> None:
        while True:
            self.health.beat()
            await asyncio.sleep(1.0)

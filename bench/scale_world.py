"""A control plane of its own for one measurement, and operator processes against it."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bench.audit import AuditLog, Requests
from bench.scale_models import FLAGS, NAMESPACE
from bench.usage import children_of, cpu_seconds, peak_memory
from bench.watch_cache import WatchCache
from testing.api_client import Api, AsyncApi
from testing.control_plane.control_plane import OPERATOR, TESTER, ControlPlane, running_control_plane
from testing.control_plane.crd import install_crd
from testing.control_plane.operator_process import OperatorProcess, started_operator
from testing.loopback import free_ports
from testing.waiting import eventually
from tfs_operator.controller.kinds import OPTIONAL_KINDS, WATCHED_KINDS

START_SECONDS = 60.0
SETTLE_SECONDS = 3.0
"""For the first two seconds after a CRD is established the API server lets each creation of its objects sleep for two.
Source: k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go"""
QUIET_SECONDS = 2.0


@dataclass
class World:
    """What is measured, and with what. The operator has a user of its own, so nobody else's requests are counted."""

    plane: ControlPlane
    api: AsyncApi
    cache: WatchCache
    audit: AuditLog
    peak_memory: int = 0
    """Bytes, of the operator process that took most."""

    processes: list[int] = field(default_factory=list)
    """All that belong to the measurement, without the operators."""

    @contextmanager
    def operator(self) -> Iterator[OperatorProcess]:
        """A process as the chart starts it. It need not be ready yet."""
        log = self.plane.folder / "operator.log"
        with started_operator(self.plane.kubeconfig(OPERATOR), log, free_ports(1)[0], *FLAGS) as process:
            try:
                yield process
            finally:
                self.peak_memory = max(self.peak_memory, peak_memory(process.process.pid))

    async def until_quiet(self, seconds: float) -> Requests:
        """Waits until the operator has asked nothing for two seconds; what it has asked since the log was last read.
        Raises TimeoutError."""
        asked, until = self.audit.since_last(), time.monotonic() + seconds
        while time.monotonic() < until:
            await asyncio.sleep(QUIET_SECONDS)
            more = self.audit.since_last()
            if more.nothing:
                return asked
            asked += more
        raise TimeoutError(f"the operator is not quiet after {seconds:.0f} s, it still asks: {more.by_resource}")


@asynccontextmanager
async def new_world(folder: Path) -> AsyncIterator[World]:
    """Without any TFModel. Everything ends with it."""
    before = set(children_of(os.getpid()))
    with running_control_plane(folder) as plane:
        install_crd(Api(plane.kubeconfig(TESTER)))
        await asyncio.sleep(SETTLE_SECONDS)
        async with AsyncApi(yaml.safe_load(plane.kubeconfig(TESTER).read_text())) as api:
            await api.create_namespace(NAMESPACE)
            cache = WatchCache()
            versions = {kind: await api.resource_version(kind) for kind in WATCHED_KINDS if kind not in OPTIONAL_KINDS}
            processes = [os.getpid(), *set(children_of(os.getpid())) - before]
            audit = AuditLog(folder / "audit.log", OPERATOR)
            async with asyncio.TaskGroup() as group:
                # A watch that ends ends all.
                watches = [group.create_task(cache.follow(api, kind, since)) for kind, since in versions.items()]
                yield World(plane, api, cache, audit, processes=processes)
                for watch in watches:
                    watch.cancel()


def wait_until_ready(operator: OperatorProcess) -> None:
    eventually(lambda: operator.get("/readyz")[0] == 200, START_SECONDS, lambda: operator.log.read_text()[-3000:])


def cpu_of(operator: OperatorProcess) -> float:
    """Seconds so far."""
    return cpu_seconds(operator.process.pid)

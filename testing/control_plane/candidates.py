"""Two operators that share a Lease, each behind a proxy of its own, which counts what it asks for."""

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from testing.api_client import Api, Manifest
from testing.control_plane.control_plane import OPERATOR, ControlPlane
from testing.control_plane.fault_proxy import FaultProxy, Passed, running_proxy
from testing.control_plane.operator_process import FLAGS, OperatorProcess, running_operator
from testing.loopback import free_ports
from testing.waiting import DEADLINE_SECONDS, eventually

FAILOVER_SECONDS = 15.0
"""The issue's promise; a lease's duration, and a retry period before and after, are 14 s."""
STATUS = "leader_election_master_status"


@dataclass(frozen=True)
class Candidate:
    """One of the two."""

    operator: OperatorProcess
    proxy: FaultProxy

    def leads(self) -> bool:
        """Not when its process has ended."""
        return f'{STATUS}{{name="tfs-operator"}} 1.0' in self.operator.get("/metrics")[1]

    def acts(self, since: float) -> list[Passed]:
        """What it asked for since then that changes something other than the lease."""
        return [passed for passed in self.proxy.since(since) if passed.method != "GET" and not passed.is_lease]

    def kill(self) -> None:
        self.operator.process.kill()
        self.operator.process.wait(60)


class Candidates:
    """Started one after the other; any of them may be gone."""

    def __init__(self, plane: ControlPlane, api: Api, folder: Path, stack: ExitStack, *flags: str) -> None:
        self._plane = plane
        self._api = api
        self._folder = folder
        self._stack = stack
        self._flags = flags
        self.namespace = f"operators-{uuid.uuid4().hex[:8]}"
        self.all: list[Candidate] = []
        api.create_namespace(self.namespace)

    def start(self) -> Candidate:
        """One more, once it is ready."""
        number = len(self.all) + 1
        proxy = self._stack.enter_context(running_proxy(self._plane, OPERATOR))
        flags = (*FLAGS, "--leader-elect", f"--lease-namespace={self.namespace}", *self._flags)
        started = running_operator(
            proxy.kubeconfig(self._folder), self._folder / f"operator-{number}.log", free_ports(1)[0], *flags
        )
        candidate = Candidate(self._stack.enter_context(started), proxy)
        self.all.append(candidate)
        return candidate

    def leader(self, seconds: float = DEADLINE_SECONDS) -> Candidate:
        """Whoever of those that live leads, once one does."""

        def found() -> Candidate | None:
            living = [candidate for candidate in self.all if candidate.operator.process.poll() is None]
            return next((candidate for candidate in living if candidate.leads()), None)

        leader: Candidate = eventually(found, seconds, lambda: [one.operator.lines()[-5:] for one in self.all])
        return leader

    def other(self, than: Candidate) -> Candidate:
        return next(one for one in self.all if one is not than and one.operator.process.poll() is None)

    def lease(self) -> Manifest:
        """Its spec."""
        live = self._api.get("Lease", self.namespace, "tfs-operator")
        assert live is not None
        return dict(live["spec"])

    def seconds_until_leads(self, candidate: Candidate, since: float) -> float:
        """Measured from `since`, of time.monotonic."""
        eventually(candidate.leads, explain=candidate.operator.lines)
        return time.monotonic() - since


@contextmanager
def candidates(plane: ControlPlane, api: Api, folder: Path, *flags: str) -> Iterator[Candidates]:
    """Two, of which the first leads."""
    with ExitStack() as stack:
        made = Candidates(plane, api, folder, stack, *flags)
        first = made.start()
        eventually(first.leads, explain=first.operator.lines)
        made.start()
        yield made

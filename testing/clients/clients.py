"""Clients of every kind under a steady load: those that connect anew all along, and those that stay connected.

What a kind may do about a connection that breaks is what docs/lifecycle.md asks of such a client, and no more.
"""

import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from testing.clients import asking, load
from testing.local_cluster import node
from testing.local_cluster.kubectl import Manifest
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import eventually

RENEWED = load.Bounds(rate=10, count=100_000, seconds=500, connection_seconds=2)
KEPT = load.Bounds(rate=10, count=100_000, seconds=500, per_connection=1_000_000)
"""Few enough that two pods answer them also while other tests take most of both cores: a test asks whether a request is
lost, and one that waits for the CPU until its pod is killed would be."""

AT_ONCE = load.Bounds(rate=10_000, count=200_000, seconds=600, per_connection=1_000_000)
"""As many requests as callers are under way at any time: each sends the next one when it was answered."""

SETTLE_SECONDS = 0.5
FEWEST = 100
LONGEST_GAP_SECONDS = asking.SECONDS
GRPC_PORT = 8500

SHORT_REST, SHORT_GRPC = "REST, connections renewed", "gRPC, channels renewed"
LONG_REST, LONG_GRPC = "REST, connections kept, broken ones tried again", "gRPC, channels kept"
KINDS = (SHORT_REST, SHORT_GRPC, LONG_REST, LONG_GRPC)


@dataclass(frozen=True)
class Clients:
    """`tfmodel` is what they ask; both loads end with `conclude`, or by themselves at their bounds."""

    tfmodel: TFModel
    loads: tuple[load.Load, ...]

    def conclude(self) -> load.Report:
        """After half a second more, and once there are enough requests to tell. Raises LoadEndedError if a load had
        ended before."""
        time.sleep(SETTLE_SECONDS)
        eventually(lambda: not self._few(), 120, self._few, what=f"{FEWEST} requests of every kind")
        reports = [running.report() for running in self.loads]
        return load.Report(sorted((a for r in reports for a in r.answers), key=lambda answer: answer.sent))

    def _few(self) -> dict[str, int]:
        counted = Counter(answer.protocol for running in self.loads for answer in list(running.answers))
        return {kind: counted[kind] for kind in KINDS if counted[kind] < FEWEST}

    def await_predictions_by(self, pods: list[Manifest]) -> None:
        """Until each of these pods has answered some more requests over REST and gRPC: so it is they that are disturbed
        when something happens to them."""
        before = {pod["metadata"]["name"]: predictions(self.tfmodel, pod) for pod in pods}

        def idle() -> list[str]:
            now = {pod["metadata"]["name"]: predictions(self.tfmodel, pod) for pod in pods}
            return [name for name in now if any(now[name][way] <= before[name][way] for way in ("REST", "GRPC"))]

        eventually(lambda: not idle(), 120, idle, what="every pod to answer over REST and gRPC")


@contextlib.contextmanager
def at_work(tfmodel: TFModel, url: str, address: str, question: asking.Question) -> Iterator[Clients]:
    """Every kind of client, from before every pod of the TFModel has answered some of them."""
    renewed: Mapping[str, asking.Connect] = {
        SHORT_REST: asking.by_rest(url, question),
        SHORT_GRPC: asking.by_grpc(address, question),
    }
    kept = {LONG_REST: asking.by_kept_rest(url, question), LONG_GRPC: asking.by_grpc(address, question)}
    with load.steady(renewed, RENEWED) as one, load.steady(kept, KEPT) as other:
        clients = Clients(tfmodel, (one, other))
        clients.await_predictions_by(tfmodel.pods())
        yield clients


@contextlib.contextmanager
def calling(address: str, question: asking.Question, callers: int) -> Iterator[load.Load]:
    """So many gRPC callers at once, each with a channel that it keeps, from before each of them was answered."""
    bounds = replace(AT_ONCE, at_once=callers)
    with load.steady({LONG_GRPC: asking.by_grpc(address, question)}, bounds) as running:
        running.await_more(callers, 120)
        yield running


def predictions(tfmodel: TFModel, pod: Manifest) -> dict[str, float]:
    """How many the pod has answered, by what it calls the entry point: REST or GRPC."""
    meta = pod["metadata"]
    path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}:8501/proxy/monitoring/prometheus/metrics"
    counted = {"REST": 0.0, "GRPC": 0.0}
    for line in tfmodel.kubectl("get", "--raw", path).splitlines():
        if line.startswith(":tensorflow:serving:request_latency_count{") and 'api="predict"' in line.lower():
            labels, _, value = line.rpartition(" ")
            counted["REST" if 'entrypoint="REST"' in labels else "GRPC"] += float(value)
    return counted


def grpc_connections(server: node.Container) -> int:
    """Those that are open to the pod's gRPC port, as its kernel says."""
    return sum(state == "01" and port == GRPC_PORT for port, state in sockets(server))


def sockets(server: node.Container) -> list[tuple[int, str]]:
    """Returns local port and state of each TCP socket.

    Source: https://docs.kernel.org/networking/proc_net_tcp.html
    """
    lines = node.inside("sh", "-c", f"tail -qn +2 /proc/{server.pid}/net/tcp /proc/{server.pid}/net/tcp6").splitlines()
    fields = (line.split() for line in lines)
    return [(int(local.rpartition(":")[2], 16), state) for _, local, _, state, *_ in fields]


def assert_none_lost(report: load.Report) -> None:
    """Every request was answered, by every kind of client, and there were enough of them, all along, to tell."""
    assert report.failures == [], str(report)
    for kind in KINDS:
        done = sorted(answer.done for answer in report.answers if answer.protocol == kind)
        assert len(done) >= FEWEST, f"{kind}: only {len(done)} requests: {report}"
        gap = max(after - before for before, after in itertools.pairwise(done))
        assert gap <= LONGEST_GAP_SECONDS, f"{kind}: nothing was answered for {gap:.1f} s: {report}"
    print(report)

"""Whatever happens to its pods, a served model answers: every request of every kind of client, all along.

The clients, and what each kind may do about a connection that breaks: support/clients.py, docs/lifecycle.md.
"""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from testing.clients import asking, clients, digits
from testing.local_cluster import chart, disturbing, incarnation, model, node
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.model import Trained
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import eventually

NAME = "steady"
DRAIN_SECONDS, LONG_DRAIN_SECONDS = 10, 60
LONG_DRAIN = {"bakeSeconds": 0, "drainSeconds": LONG_DRAIN_SECONDS}
BASE = {
    "modelUri": f"pvc://models/{NAME}",
    "versionLabels": {"stable": 1},
    "rollout": {"bakeSeconds": 0, "drainSeconds": DRAIN_SECONDS},
}


@dataclass(frozen=True)
class Served:
    """A TFModel with two replicas, and where its clients find it."""

    tfmodel: TFModel
    url: str
    address: str
    question: asking.Question

    def apply(self, *, replicas: int = 2, **spec: Any) -> None:
        """What `spec` leaves out is as before for the server, so that no test begins with an update of its own."""
        kind = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "metadata": {"name": NAME}}
        server = self.tfmodel.live().get("spec", {}).get("server", {})
        self.tfmodel.kubectl.apply({**kind, "spec": {**BASE, "replicas": replicas, "server": server, **spec}})

    def clients(self) -> contextlib.AbstractContextManager[clients.Clients]:
        return clients.at_work(self.tfmodel, self.url, self.address, self.question)

    def server_of(self, pod: Manifest) -> node.Container:
        return node.container(self.tfmodel.kubectl, pod, "model-server")


@pytest.fixture(scope="module")
def served(claim: Kubectl, version_1: Trained) -> Iterator[Served]:
    model.publish(claim, version_1.folder, NAME, 1)
    question = digits.question(NAME, "stable", {1: version_1})
    tfmodel = TFModel(claim, NAME)
    Served(tfmodel, "", "", question).apply()
    tfmodel.wait("Ready")
    with node.service_from_outside(tfmodel) as (url, address):
        yield Served(tfmodel, url, address, question)


@pytest.fixture(scope="module")
def other_image() -> Iterator[str]:
    with node.second_name(chart.images().server) as name:
        yield name


@pytest.fixture
def steady(served: Served) -> Served:
    """At rest, with two pods."""
    served.apply()
    await_rest(served)
    return served


def await_rest(served: Served) -> None:
    """Until what was applied last is fulfilled, and no pod of an earlier update drains any more."""
    served.tfmodel.wait("Ready")
    disturbing.await_gone(served.tfmodel, going(served.tfmodel))


def going(tfmodel: TFModel) -> list[Manifest]:
    return [pod for pod in tfmodel.kubectl.find("pods", tfmodel.selector) if "deletionTimestamp" in pod["metadata"]]


def test_sigterm_is_ignored_so_that_the_drain_is_all_there_is(steady: Served) -> None:
    servers = [steady.server_of(pod) for pod in steady.tfmodel.pods()]
    assert [server.pid_within for server in servers] == [1, 1]
    before = incarnation.of(steady.tfmodel)
    with steady.clients() as running:
        for server in servers:
            server.terminate()
        running.await_predictions_by(steady.tfmodel.pods())
        report = running.conclude()
    clients.assert_none_lost(report)
    assert incarnation.of(steady.tfmodel) == before


def test_another_image_loses_no_request(steady: Served, other_image: str) -> None:
    before = steady.tfmodel.pods()
    with steady.clients() as running:
        steady.apply(server={"image": other_image})
        disturbing.await_replaced(steady.tfmodel, before)
        report = running.conclude()
    clients.assert_none_lost(report)
    assert {container["image"] for container in containers(steady)} == {other_image}


def test_another_flag_loses_no_request(steady: Served) -> None:
    before, flag = steady.tfmodel.pods(), "--rest_api_num_threads=9"
    server = steady.tfmodel.live()["spec"].get("server", {})
    with steady.clients() as running:
        steady.apply(server={**server, "extraArgs": [flag]})
        disturbing.await_replaced(steady.tfmodel, before)
        report = running.conclude()
    clients.assert_none_lost(report)
    assert all(flag in container["args"] for container in containers(steady))


def containers(served: Served) -> list[Manifest]:
    return [pod["spec"]["containers"][0] for pod in served.tfmodel.pods()]


def test_scaling_from_one_to_three_and_back_loses_no_request(steady: Served) -> None:
    steady.apply(replicas=1)
    await_pods(steady, 1)
    with steady.clients() as running:
        scale(steady, 3)
        running.await_predictions_by(steady.tfmodel.pods())
        before = steady.tfmodel.pods()
        scale(steady, 1)
        left = {pod["metadata"]["name"] for pod in steady.tfmodel.pods()}
        disturbing.await_gone(steady.tfmodel, [pod for pod in before if pod["metadata"]["name"] not in left])
        report = running.conclude()
    clients.assert_none_lost(report)


def scale(served: Served, replicas: int) -> None:
    served.tfmodel.kubectl("scale", f"tfmodel/{NAME}", f"--replicas={replicas}")
    await_pods(served, replicas)


def await_pods(served: Served, count: int) -> None:
    served.tfmodel.wait("Ready")
    eventually(lambda: len(served.tfmodel.pods()) == count, 120, what=f"{count} pods")


def test_a_deleted_pod_loses_no_request_and_is_killed_only_when_its_channels_have_left(steady: Served) -> None:
    """Half of the drain is the clients', the other half that of a busy cluster, which may be late to turn them away."""
    steady.apply(rollout=LONG_DRAIN)
    await_rest(steady)
    pod = steady.tfmodel.pods()[0]
    name, server = pod["metadata"]["name"], steady.server_of(pod)
    with steady.clients() as running, disturbing.last_status(steady.tfmodel.kubectl, name) as codes:
        assert clients.grpc_connections(server) > 0
        steady.tfmodel.kubectl("delete", "pod", name, "--wait=false")

        def left() -> bool:
            return clients.grpc_connections(server) == 0

        eventually(left, LONG_DRAIN_SECONDS, what="every gRPC connection to be renewed elsewhere", interval=0.2)
        assert going(steady.tfmodel), "the pod is still draining"
        disturbing.await_gone(steady.tfmodel, [pod])
        steady.tfmodel.wait("Ready")
        report = running.conclude()
    clients.assert_none_lost(report)
    assert codes[-1:] == [str(disturbing.KILLED)], "by SIGKILL: not by SIGTERM, which would be 143"


@pytest.mark.alone_in_cluster
def test_a_node_drain_loses_no_request(steady: Served, admin: Kubectl) -> None:
    """Of the only node there is: the pod in the place of the first has nowhere to go, so the budget holds back the
    second until there is a node again."""
    before = steady.tfmodel.pods()
    with steady.clients() as running, disturbing.drain(admin, steady.tfmodel, seconds=200) as draining:
        steady.tfmodel.wait("Ready", "False", reason="Unschedulable")
        disturbing.await_gone(steady.tfmodel, going(steady.tfmodel))
        assert len(disturbing.uids(steady.tfmodel.pods()) & disturbing.uids(before)) == 1
        assert draining.poll() is None, "the second pod is waited for"
        admin("uncordon", node.name())
        said, _ = draining.communicate(timeout=200)
        disturbing.await_replaced(steady.tfmodel, before)
        report = running.conclude()
    assert draining.returncode == 0, said
    assert "would violate the pod's disruption budget" in said
    clients.assert_none_lost(report)


@pytest.mark.alone_in_cluster
def test_an_upgrade_of_the_operator_loses_no_request_and_restarts_no_server(steady: Served, operator: Kubectl) -> None:
    before, operators = incarnation.of(steady.tfmodel), operator_pods(operator)
    try:
        with steady.clients() as running:
            upgrade(operator)
            eventually(lambda: not (operator_pods(operator) & operators), 120, what="the old operator to be gone")
            steady.apply(service={"annotations": {"example.com/upgraded": "yes"}})
            eventually(lambda: service_annotation(steady), 120, what="the new operator to be at work")
            steady.tfmodel.wait("Ready")
            report = running.conclude()
    finally:
        chart.install(operator)
    clients.assert_none_lost(report)
    assert incarnation.of(steady.tfmodel) == before


def operator_pods(operator: Kubectl) -> set[str]:
    return disturbing.uids(operator.find("pods", {"app.kubernetes.io/name": "tfs-operator"}))


def upgrade(operator: Kubectl) -> None:
    """To a release whose pod is another one, and waits until it is ready."""
    changed = rf"podAnnotations.example\.com/upgrade={uuid.uuid4().hex}"
    chart.helm(
        operator,
        *("upgrade", chart.RELEASE, "charts/tfs-operator", "--namespace", chart.NAMESPACE, "--reuse-values"),
        *("--set-string", changed, "--wait", "--timeout", f"{chart.INSTALL_SECONDS}s"),
        seconds=chart.INSTALL_SECONDS + 30,
    )


def service_annotation(served: Served) -> str | None:
    service = served.tfmodel.kubectl.get("service", NAME) or {"metadata": {}}
    found: str | None = service["metadata"].get("annotations", {}).get("example.com/upgraded")
    return found


def test_the_only_pod_deleted_loses_no_request_if_another_is_ready_before_it_is_killed(steady: Served) -> None:
    """With a drain that outlasts the start of a pod on a busy machine. Where no endpoint is ready, kube-proxy uses
    those that terminate and still serve: all of them, also those of an earlier update that are killed soon, so these
    are gone first."""
    steady.apply(replicas=1, rollout=LONG_DRAIN)
    await_pods(steady, 1)
    await_rest(steady)
    pod = steady.tfmodel.pod()
    with steady.clients() as running:
        steady.tfmodel.kubectl("delete", "pod", pod["metadata"]["name"], "--wait=false")
        disturbing.await_replaced(steady.tfmodel, [pod])
        report = running.conclude()
    clients.assert_none_lost(report)

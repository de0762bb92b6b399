"""Many gRPC callers at once, more than gRPC's threads would be by the node's CPUs: none of their calls is lost.

The server batches, and each batch waits half a second for more rows than come: so every caller has a call under way all
the time, which occupies a thread of the server, however fast the machine is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from testing.clients import asking, clients, digits
from testing.local_cluster import model, node
from testing.local_cluster.kubectl import Kubectl
from testing.local_cluster.model import Trained
from testing.local_cluster.tfmodel import TFModel
from tests.e2e.support.scene import Scene

NAME = "called"
BASE = {
    "modelUri": f"pvc://models/{NAME}",
    "replicas": 2,
    "rollout": {"bakeSeconds": 0, "drainSeconds": 10},
    "server": {"batching": {"maxBatchSize": 96, "batchTimeoutMicros": 500_000}},
}


@dataclass(frozen=True)
class Called:
    """A TFModel with two replicas, and where its callers find it."""

    scene: Scene
    address: str
    question: asking.Question


@pytest.fixture(scope="module")
def called(claim: Kubectl, version_1: Trained, version_2: Trained) -> Iterator[Called]:
    trained = {1: version_1, 2: version_2}
    for version, made in trained.items():
        model.publish(claim, made.folder, NAME, version)
    question = digits.question(NAME, "stable", trained)
    scene = Scene(TFModel(claim, NAME), {}, BASE)
    scene.apply(stable=1)
    scene.tfmodel.wait("Ready")
    with node.service_from_outside(scene.tfmodel) as (_, address):
        yield Called(scene, address, question)


@pytest.mark.parametrize("callers", [4, 16, 64])
def test_no_call_is_lost_while_a_label_moves_and_a_pod_is_replaced(called: Called, callers: int) -> None:
    """Those that leave the pod which goes call the other one, so that all of them are there for a while."""
    scene = called.scene
    old = scene.labels()["stable"]
    new = 3 - old
    with clients.calling(called.address, called.question, callers) as running:
        scene.apply(stable=new)
        scene.await_end(stable=new)
        scene.replace_a_pod()
        running.await_more(callers, 120)
        report = running.report()
    assert report.failures == [], str(report)
    assert report.at_once() == callers
    assert report.versions(clients.LONG_GRPC) == {1, 2}
    print(report)

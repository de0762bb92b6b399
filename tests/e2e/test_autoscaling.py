"""Kubernetes' own autoscaler on a real load: replicas come, and go again, and no request is lost.

Needs metrics-server in the cluster: hack/metrics-server.sh, which `make e2e` runs.
"""

import pytest

from hack.playground import model, node
from hack.playground.commands import wait_for
from hack.playground.kubectl import Kubectl, Manifest
from hack.playground.model import Trained
from hack.playground.tfmodel import TFModel
from tests.e2e.support import asking, digits, load
from tests.e2e.support.scene import assert_all_answered, is_ready

NAME = "autoscaled"
MOST = 3
SCALE_SECONDS = 150
"""metrics-server has figures every 10 s, the autoscaler looks every 15 s, and a model server starts within some."""
BOUNDS = load.Bounds(rate=40, count=20_000, seconds=400)


def manifest() -> Manifest:
    spec = {
        "modelUri": "pvc://models/autoscaled",
        "versionLabels": {"stable": 1},
        # Longer than a connection of the load lives, and than kube-proxy takes to turn new ones away.
        "rollout": {"drainSeconds": 5},
        # Little enough for a bounded load to be too much for one.
        "server": {"resources": {"requests": {"cpu": "50m"}}},
        "autoscaling": {"maxReplicas": MOST, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 15}}},
    }
    kind = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel"}
    return {**kind, "metadata": {"name": NAME}, "spec": spec}


@pytest.fixture
def autoscaled(claim: Kubectl, version_1: Trained) -> TFModel:
    model.publish(claim, version_1.folder, NAME, 1)
    claim.apply(manifest())
    tfmodel = TFModel(claim, NAME)
    tfmodel.wait("Ready")
    tfmodel.wait("ScalingActive", reason="Autoscaling", seconds=SCALE_SECONDS)
    return tfmodel


def ready_pods(tfmodel: TFModel) -> int:
    return sum(map(is_ready, tfmodel.pods()))


@pytest.mark.timeout(2 * SCALE_SECONDS + 300)
def test_a_load_makes_more_replicas_and_its_end_fewer_and_no_request_is_lost(
    autoscaled: TFModel, version_1: Trained
) -> None:
    image = digits.images(version_1)[0]
    question = asking.Question(NAME, "stable", image, {1: digits.locally(version_1.folder, [image])[0]})
    with node.service_from_outside(autoscaled) as (url, address):
        connects = {"REST": asking.by_rest(url, question), "gRPC": asking.by_grpc(address, question)}
        with load.steady(connects, BOUNDS) as running:
            wait_for("more replicas", SCALE_SECONDS, lambda: ready_pods(autoscaled) == MOST or None)
            report = running.report()
    assert_all_answered(report)
    assert autoscaled.live()["status"]["replicas"] == MOST
    wait_for("one replica", SCALE_SECONDS, lambda: ready_pods(autoscaled) == 1 or None)
    assert autoscaled.wait("Ready")["message"].endswith("on 1 of 1 replicas")

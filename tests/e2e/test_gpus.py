"""GPUs on a node that has none: an extended resource is patched onto it, as Kubernetes' documentation shows.

Source: https://kubernetes.io/docs/tasks/administer-cluster/extended-resource-node/. The scheduler, the Deployment's
controller and the kubelet take it for real; the test double needs no CUDA.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from testing.clients import digits
from testing.local_cluster import model, node
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.model import Trained
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import eventually

GPU = "nvidia.com/gpu"
SURGES = {"maxSurge": 1, "maxUnavailable": 0}
LEVEL = "--v=1"
"""A flag that is new: the pods are replaced."""
A_DAY = 86400
"""Seconds: a pod without a GPU is still waiting however late a test looks."""


@pytest.fixture
def offer(admin: Kubectl) -> Iterator[Callable[[int], None]]:
    """Sets how many GPUs the cluster's only node has; none at the end, as before."""

    def patch(operation: str, value: str | None = None) -> None:
        places = [f"/status/{kind}/{GPU.replace('/', '~1')}" for kind in ("capacity", "allocatable")]
        said = {} if value is None else {"value": value}
        changes = [{"op": operation, "path": place, **said} for place in places]
        admin("patch", "node", node.name(), "--subresource=status", "--type=json", "--patch", json.dumps(changes))

    def gpus(count: int) -> None:
        patch("add", str(count))

    gpus(0)
    yield gpus
    patch("remove")


@pytest.fixture
def published(claim: Kubectl, version_1: Trained) -> Kubectl:
    model.publish(claim, version_1.folder, "gpus", 1)
    return claim


@pytest.fixture
def resnet(published: Kubectl) -> Iterator[TFModel]:
    yield TFModel(published, "resnet")
    published("delete", "tfmodel", "resnet", "--ignore-not-found", "--timeout=120s", seconds=130)
    published(
        "wait", "--for=delete", "pod", "--selector=app.kubernetes.io/instance=resnet", "--timeout=120s", seconds=130
    )


def apply_gpus(tfmodel: TFModel, gpus: int = 1, surge_timeout: int = A_DAY, **server: Any) -> None:
    spec = {
        "modelUri": "pvc://models/gpus",
        "versionLabels": {"stable": 1},
        "gpus": gpus,
        "server": server,
        "rollout": {"drainSeconds": 1, "surgeTimeoutSeconds": surge_timeout},
    }
    kind = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel"}
    tfmodel.kubectl.apply({**kind, "metadata": {"name": tfmodel.name}, "spec": spec})


def strategy(tfmodel: TFModel) -> Manifest:
    deployment = tfmodel.kubectl.get("deployment", tfmodel.name)
    assert deployment is not None
    return dict(deployment["spec"]["strategy"]["rollingUpdate"])


def test_a_model_with_a_gpu_serves_on_the_node_that_has_one(
    resnet: TFModel, offer: Callable[[int], None], version_1: Trained
) -> None:
    apply_gpus(resnet)
    ready = resnet.wait("Ready", "False", reason="Unschedulable")
    assert "0/1 nodes have 1 nvidia.com/gpu free" in ready["message"]
    offer(1)
    resnet.wait("Ready")
    pod = resnet.pod()
    [server] = pod["spec"]["containers"]
    assert server["resources"]["limits"][GPU] == "1"
    asked = digits.images(version_1)
    with resnet.forward() as (url, _):
        answers = digits.client.ask_rest(url, resnet.name, "stable", asked)
    assert digits.same(answers, digits.locally(version_1.folder, asked))


def test_an_update_does_not_hang_although_its_own_pod_has_the_only_gpu(
    resnet: TFModel, offer: Callable[[int], None]
) -> None:
    offer(1)
    apply_gpus(resnet)
    resnet.wait("Ready")
    old = resnet.pod()
    apply_gpus(resnet, extraArgs=[LEVEL])
    resnet.wait("Ready", "False", reason="Unschedulable")
    words = "an old pod is stopped to make room"
    eventually(lambda: words in resnet.condition("Ready").get("message", ""), 120, what=f"Ready to say that {words}")
    assert strategy(resnet) == SURGES
    apply_gpus(resnet, surge_timeout=1, extraArgs=[LEVEL])
    eventually(lambda: "MakingRoom" in resnet.events(), 120, what="an event MakingRoom")
    resnet.wait("Ready")
    new = resnet.pod()
    assert new["metadata"]["uid"] != old["metadata"]["uid"]
    assert LEVEL in new["spec"]["containers"][0]["args"]
    eventually(lambda: strategy(resnet) == SURGES, 120, what="the next update to surge again")
    assert [pod["metadata"]["uid"] for pod in resnet.pods()] == [new["metadata"]["uid"]]


def test_two_gpus_where_one_is_are_explained(resnet: TFModel, offer: Callable[[int], None]) -> None:
    offer(1)
    apply_gpus(resnet, gpus=2)
    ready = resnet.wait("Ready", "False", reason="Unschedulable")
    assert "0/1 nodes have 2 nvidia.com/gpu free: add a node with GPUs or free some" in ready["message"]
    apply_gpus(resnet, gpus=1)
    resnet.wait("Ready")

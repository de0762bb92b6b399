"""A rolling update where every GPU is taken, as the scheduler and the Deployment's controller tell of it."""

from datetime import UTC, datetime

import pytest

from testing.api_client import Api, Manifest
from testing.control_plane.control_plane import ControlPlane
from testing.control_plane.operator_process import pretty
from testing.fleet.fleet import BUDGET, tfmodel, wait_for_children, wait_for_reason, writes
from testing.fleet.model_servers import set_deployment_complete
from testing.replica_set import made_by
from testing.waiting import eventually

pytestmark = pytest.mark.usefixtures("operator")

PATIENCE = 4
NO_GPU = (
    "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient nvidia.com/gpu. "
    "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
)
NO_CPU = NO_GPU.replace("nvidia.com/gpu", "cpu")
SURGES, MAKES_ROOM = {"maxSurge": 1, "maxUnavailable": 0}, {"maxSurge": 0, "maxUnavailable": 1}


@pytest.fixture
def rolling(api: Api, namespace: str) -> Manifest:
    """The Deployment of a TFModel with two replicas on GPUs, in the middle of an update: one of three pods is new."""
    api.create(tfmodel(namespace, gpus=1, replicas=2, rollout={"surgeTimeoutSeconds": PATIENCE}))
    wait_for_children(api, namespace, "mnist", BUDGET)
    _tell(api, namespace, replicas=3, updatedReplicas=1, readyReplicas=2, availableReplicas=2)
    return _deployment(api, namespace)


def _tell(api: Api, namespace: str, **counts: int) -> None:
    generation = _deployment(api, namespace)["metadata"]["generation"]
    status = {"observedGeneration": generation, **counts}
    api.patch("Deployment", namespace, "mnist", {"status": status}, "status")


def _deployment(api: Api, namespace: str) -> Manifest:
    live = api.get("Deployment", namespace, "mnist")
    assert live is not None
    return live


def _strategy(api: Api, namespace: str) -> Manifest:
    return dict(_deployment(api, namespace)["spec"]["strategy"]["rollingUpdate"])


def _pending(api: Api, namespace: str, why: str) -> None:
    """A new pod that the scheduler has just found no node for."""
    labels = {
        "app.kubernetes.io/name": "tensorflow-serving",
        "app.kubernetes.io/instance": "mnist",
        "app.kubernetes.io/managed-by": "tfs-operator",
    }
    metadata = {"name": "mnist-new", "namespace": namespace, "labels": labels}
    spec = {"containers": [{"name": "model-server", "image": "example/server:1-gpu"}]}
    api.create({"apiVersion": "v1", "kind": "Pod", "metadata": made_by("mnist", metadata), "spec": spec})
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    reason = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why}
    conditions = [{**reason, "lastTransitionTime": now}]
    api.patch("Pod", namespace, "mnist-new", {"status": {"phase": "Pending", "conditions": conditions}}, "status")


def test_an_old_pod_makes_room_after_a_while_and_the_next_update_surges_again(
    api: Api, namespace: str, rolling: Manifest, control_plane: ControlPlane
) -> None:
    _pending(api, namespace, NO_GPU)
    found = wait_for_reason(api, namespace, "mnist", "Unschedulable")
    assert found["message"].startswith("pod mnist-new: 0/3 nodes have 1 nvidia.com/gpu free (1 node(s) had untolerated")
    assert "an old pod is stopped to make room (rollout.surgeTimeoutSeconds)" in found["message"]
    assert _strategy(api, namespace) == SURGES
    eventually(lambda: _strategy(api, namespace) == MAKES_ROOM)
    found = wait_for_reason(api, namespace, "mnist", "MakingRoom")
    assert "0/3 nodes have 1 nvidia.com/gpu free" in found["message"]
    wait_for_reason(api, namespace, "mnist", "MakingRoom", "Progressing")
    eventually(lambda: "MakingRoom" in _events(api, namespace))
    api.delete("Pod", namespace, "mnist-new")
    set_deployment_complete(api, namespace, "mnist")
    eventually(lambda: _strategy(api, namespace) == SURGES, explain=lambda: pretty(_deployment(api, namespace)))
    assert _deployment(api, namespace)["spec"]["template"] == rolling["spec"]["template"]
    assert writes(control_plane, namespace).count("patch deployments mnist") == 3


def _events(api: Api, namespace: str) -> list[str]:
    return [event["reason"] for event in api.list("Event", namespace)]


def test_it_stays_so_until_all_is_new_whatever_becomes_of_the_first_pod(
    api: Api, namespace: str, rolling: Manifest
) -> None:
    """Else the next pod would wait as long again."""
    _pending(api, namespace, NO_GPU)
    eventually(lambda: _strategy(api, namespace) == MAKES_ROOM)
    api.delete("Pod", namespace, "mnist-new")
    _tell(api, namespace, replicas=2, updatedReplicas=1, readyReplicas=1, availableReplicas=1)
    wait_for_reason(api, namespace, "mnist", "Deploying")
    assert _strategy(api, namespace) == MAKES_ROOM


@pytest.mark.parametrize("why", [NO_CPU, "no nodes available to schedule pods"])
def test_a_pod_that_waits_for_anything_else_stops_nobody(api: Api, namespace: str, rolling: Manifest, why: str) -> None:
    _pending(api, namespace, why)
    wait_for_reason(api, namespace, "mnist", "Unschedulable")
    eventually(lambda: _has_waited(api, namespace, PATIENCE + 3), PATIENCE + 60)
    assert _strategy(api, namespace) == SURGES


def _has_waited(api: Api, namespace: str, seconds: int) -> bool:
    pod = api.get("Pod", namespace, "mnist-new") or {}
    since = datetime.fromisoformat(pod["status"]["conditions"][0]["lastTransitionTime"])
    return (datetime.now(UTC) - since).total_seconds() > seconds

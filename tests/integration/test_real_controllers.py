"""Rollouts on GPUs and autoscaling, with Kubernetes' own controllers and scheduler; only pods do not really run."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from testing.api_client import Api, Manifest
from testing.control_plane.control_plane import OPERATOR, TESTER, ControlPlane, running_control_plane
from testing.control_plane.controllers import Kubelet, make_node, running_controllers, set_gpus, until_rolled_out
from testing.control_plane.crd import install_crd
from testing.control_plane.operator_process import FLAGS, OperatorProcess, pretty, running_operator
from testing.fleet.fleet import condition, tfmodel, writes
from testing.fleet.replica_counts import counts_since
from testing.loopback import free_ports
from testing.waiting import eventually

NODE = "gpu-node"
OLD, NEW = "example/server:1-gpu", "example/server:2-gpu"
SURGES = {"maxSurge": 1, "maxUnavailable": 0}
ROLLOUT = {"surgeTimeoutSeconds": 8, "drainSeconds": 0}
"""Eight seconds are time enough to look at what is said and done meanwhile, also on a machine that is busy."""


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with running_control_plane(tmp_path_factory.mktemp("with-controllers")) as plane:
        install_crd(Api(plane.kubeconfig(TESTER)))
        with running_controllers(plane):
            make_node(Api(plane.kubeconfig(TESTER)), NODE, gpus=0)
            yield plane


@pytest.fixture(scope="module")
def api(control_plane: ControlPlane) -> Api:
    return Api(control_plane.kubeconfig(TESTER))


@pytest.fixture(scope="module")
def operator(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorProcess]:
    log = tmp_path_factory.mktemp("operator") / "operator.log"
    with running_operator(control_plane.kubeconfig(OPERATOR), log, free_ports(1)[0], *FLAGS) as process:
        yield process


@pytest.fixture
def kubelet(api: Api, namespace: str, operator: OperatorProcess) -> Iterator[Kubelet]:
    with Kubelet(api, namespace) as running:
        yield running
        api.delete("TFModel", namespace, "mnist")
        eventually(lambda: not api.list("Pod", namespace), explain=lambda: api.list("Deployment", namespace))


@pytest.fixture
def namespace(api: Api) -> str:
    name = f"test-{uuid.uuid4().hex[:8]}"
    api.create_namespace(name)
    return name


def strategy(api: Api, namespace: str) -> Manifest:
    return dict((api.get("Deployment", namespace, "mnist") or {})["spec"]["strategy"]["rollingUpdate"])


def ready(api: Api, namespace: str) -> Manifest:
    return condition(api.get("TFModel", namespace, "mnist"))


def upgrade(api: Api, namespace: str) -> None:
    api.patch("TFModel", namespace, "mnist", {"spec": {"server": {"image": NEW}}})


@pytest.mark.parametrize("replicas", [1, 3])
def test_an_update_where_every_gpu_is_taken_goes_through_one_by_one(
    api: Api, namespace: str, kubelet: Kubelet, replicas: int
) -> None:
    set_gpus(api, NODE, replicas)
    api.create(tfmodel(namespace, gpus=1, replicas=replicas, rollout=ROLLOUT))
    until_rolled_out(api, namespace, OLD, replicas)
    kubelet.least_ready = replicas
    upgrade(api, namespace)
    eventually(lambda: ready(api, namespace).get("reason") == "Unschedulable", explain=lambda: ready(api, namespace))
    assert "0/1 nodes have 1 nvidia.com/gpu free" in ready(api, namespace)["message"]
    assert strategy(api, namespace) == SURGES
    until_rolled_out(api, namespace, NEW, replicas)
    assert kubelet.least_ready == replicas - 1
    eventually(lambda: strategy(api, namespace) == SURGES, explain=lambda: pretty(ready(api, namespace)))


def test_with_a_gpu_free_no_replica_is_missing(api: Api, namespace: str, kubelet: Kubelet) -> None:
    set_gpus(api, NODE, 3)
    api.create(tfmodel(namespace, gpus=1, replicas=2, rollout=ROLLOUT))
    until_rolled_out(api, namespace, OLD, 2)
    kubelet.least_ready = 2
    upgrade(api, namespace)
    until_rolled_out(api, namespace, NEW, 2)
    assert kubelet.least_ready == 2


def test_more_gpus_than_any_node_has_are_explained(api: Api, namespace: str, kubelet: Kubelet) -> None:
    set_gpus(api, NODE, 1)
    api.create(tfmodel(namespace, gpus=2))
    eventually(lambda: ready(api, namespace).get("reason") == "Unschedulable", explain=lambda: ready(api, namespace))
    words = ready(api, namespace)["message"].partition(": ")[2]
    assert words == "0/1 nodes have 2 nvidia.com/gpu free: add a node with GPUs or free some, or ask for fewer in gpus"


def test_a_quota_on_gpus_makes_room_likewise(api: Api, namespace: str, kubelet: Kubelet) -> None:
    set_gpus(api, NODE, 9)
    quota = {"metadata": {"name": "gpus"}, "spec": {"hard": {"requests.nvidia.com/gpu": "1"}}}
    path = f"/api/v1/namespaces/{namespace}/resourcequotas"
    api.request("POST", path, quota)
    eventually(lambda: api.request("GET", f"{path}/gpus").get("status", {}).get("used"))
    api.create(tfmodel(namespace, gpus=1, rollout=ROLLOUT))
    until_rolled_out(api, namespace, OLD, 1)
    upgrade(api, namespace)
    eventually(lambda: ready(api, namespace).get("reason") == "PodsNotCreated", explain=lambda: ready(api, namespace))
    assert "exceeded quota: gpus" in ready(api, namespace)["message"]
    until_rolled_out(api, namespace, NEW, 1)
    eventually(lambda: strategy(api, namespace) == SURGES, explain=lambda: pretty(ready(api, namespace)))


METRICS = "/apis/metrics.k8s.io/v1beta1"


@pytest.fixture(scope="module")
def metrics(api: Api) -> Callable[[str, int], None]:
    """Says how much CPU each pod of a namespace uses, in millicores: a stand-in for metrics-server, an API of objects
    that a test writes."""
    api.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", _pod_metrics())
    eventually(lambda: any(group["name"] == "metrics.k8s.io" for group in api.request("GET", "/apis")["groups"]))

    def say(namespace: str, cpu: int) -> None:
        for pod in api.list("Pod", namespace):
            _say(api, namespace, pod, cpu)

    return say


def _pod_metrics() -> Manifest:
    names = {"plural": "pods", "singular": "pod", "kind": "PodMetrics", "listKind": "PodMetricsList"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1beta1", "served": True, "storage": True, "schema": schema}
    approval = {"api-approved.kubernetes.io": "unapproved, a test's stand-in for metrics-server"}
    return {
        "metadata": {"name": "pods.metrics.k8s.io", "annotations": approval},
        "spec": {"group": "metrics.k8s.io", "scope": "Namespaced", "names": names, "versions": [version]},
    }


def _say(api: Api, namespace: str, pod: Manifest, cpu: int) -> None:
    usage = {"name": "model-server", "usage": {"cpu": f"{cpu}m", "memory": "1Gi"}}
    sidecar = {"name": "mesh", "usage": {"cpu": "0", "memory": "1Gi"}}
    body = {
        "apiVersion": "metrics.k8s.io/v1beta1",
        "kind": "PodMetrics",
        "metadata": {"name": pod["metadata"]["name"], "labels": pod["metadata"]["labels"]},
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "window": "1s",
        "containers": [usage, sidecar],
    }
    path = f"{METRICS}/namespaces/{namespace}/pods/{pod['metadata']['name']}?fieldManager=test&force=true"
    api.request("PATCH", path, body, "application/apply-patch+yaml")


def test_kubernetes_own_autoscaler_scales_it_up_and_down_and_nobody_fights(
    api: Api,
    namespace: str,
    kubelet: Kubelet,
    metrics: Callable[[str, int], None],
    control_plane: ControlPlane,
) -> None:
    image = "example/server:1"
    spec: Manifest = {
        "server": {"resources": {"requests": {"cpu": "100m"}}},
        "rollout": {"drainSeconds": 0},
        "replicas": 3,
    }
    api.create(tfmodel(namespace, **spec))
    until_rolled_out(api, namespace, image, 3)
    before = api.get("Deployment", namespace, "mnist") or {}
    bounds = {"minReplicas": 2, "maxReplicas": 6, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 2}}}
    metrics(namespace, 80)
    api.patch("TFModel", namespace, "mnist", {"spec": {"autoscaling": bounds}})

    def active() -> bool:
        found = condition(api.get("TFModel", namespace, "mnist"), "ScalingActive")
        return bool(found.get("reason") == "Autoscaling")

    def replicas() -> int:
        return int((api.get("Deployment", namespace, "mnist") or {})["spec"]["replicas"])

    def reached(count: int, cpu: int) -> bool:
        metrics(namespace, cpu)
        return replicas() == count

    eventually(active, explain=lambda: _scaling(api, namespace))
    quiet = _childrens_writes(control_plane, namespace)
    eventually(lambda: reached(6, cpu=400), explain=lambda: _scaling(api, namespace))
    eventually(lambda: (api.get("TFModel", namespace, "mnist") or {})["status"]["replicas"] == 6)
    eventually(lambda: reached(2, cpu=1), explain=lambda: _scaling(api, namespace))
    assert _childrens_writes(control_plane, namespace) == quiet
    counts = counts_since(control_plane.kubeconfig(TESTER), before)
    assert (counts[0], min(counts), max(counts)) == (3, 2, 6)


def _scaling(api: Api, namespace: str) -> str:
    return pretty([api.get(kind, namespace, "mnist") for kind in ("HorizontalPodAutoscaler", "TFModel")])


def _childrens_writes(plane: ControlPlane, namespace: str) -> list[str]:
    return [write for write in writes(plane, namespace) if "status" not in write]

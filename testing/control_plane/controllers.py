"""Kubernetes' own controllers and scheduler beside the API server, with nodes that are objects only.

They create, schedule, scale and replace pods as in any cluster; `Kubelet` says that pods which have a node are ready,
and lets those go that are deleted.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from testing.api_client import Api, Manifest, Refused
from testing.control_plane.control_plane import TESTER, ControlPlane, binary, running_program
from testing.waiting import eventually
from tfs_operator.cluster.kinds import RESOURCES

GPU = "nvidia.com/gpu"
TICK_SECONDS = 0.2
_CONTROLLERS = (
    "deployment-controller",
    "replicaset-controller",
    "horizontal-pod-autoscaler-controller",
    "disruption-controller",
    "garbage-collector-controller",
    "resourcequota-controller",
)
_TESTING = ("--leader-elect=false", "--secure-port=0")


@contextmanager
def running_controllers(plane: ControlPlane) -> Iterator[None]:
    """Of all namespaces, so on a control plane of their own: what other tests have left would come to life."""
    kubeconfig = f"--kubeconfig={plane.kubeconfig(TESTER)}"
    manager = [
        str(binary("kube-controller-manager")),
        kubeconfig,
        *_TESTING,
        f"--controllers={','.join(_CONTROLLERS)}",
        "--horizontal-pod-autoscaler-sync-period=1s",
        "--horizontal-pod-autoscaler-downscale-stabilization=2s",
        "--horizontal-pod-autoscaler-initial-readiness-delay=1s",
        "--horizontal-pod-autoscaler-cpu-initialization-period=1s",
    ]
    scheduler = [str(binary("kube-scheduler")), kubeconfig, *_TESTING]
    with ExitStack() as stack:
        for command in (manager, scheduler):
            stack.enter_context(running_program(command, plane.folder / f"{Path(command[0]).name}.log"))
        yield


def make_node(api: Api, name: str, gpus: int) -> None:
    """A ready node that the scheduler may use."""
    capacity = {"cpu": "64", "memory": "64Gi", "pods": "110", GPU: str(gpus)}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "a test says so"}
    status = {"capacity": capacity, "allocatable": capacity, "conditions": [ready]}
    labels = {"kubernetes.io/hostname": name}
    api.request("POST", "/api/v1/nodes", {"metadata": {"name": name, "labels": labels}, "status": status})
    api.request("PATCH", f"/api/v1/nodes/{name}", {"spec": {"taints": None}}, "application/merge-patch+json")


def set_gpus(api: Api, node: str, gpus: int) -> None:
    """As `kubectl patch node --subresource=status` does."""
    amounts = {GPU: str(gpus)}
    body = {"status": {"capacity": amounts, "allocatable": amounts}}
    api.request("PATCH", f"/api/v1/nodes/{node}/status", body, "application/merge-patch+json")


class Kubelet:
    """Of all nodes, for the pods of one namespace; from `with` to its end, on a thread of its own."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kubelet", daemon=True)
        self.least_ready = 1000
        """The fewest pods that were ready at once since it was set."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            pods = self._api.list("Pod", self._namespace)
            self.least_ready = min(self.least_ready, sum(is_serving(pod) for pod in pods))
            for pod in pods:
                self._tick(pod)

    def _tick(self, pod: Manifest) -> None:
        name = pod["metadata"]["name"]
        try:
            if "deletionTimestamp" in pod["metadata"]:
                path = RESOURCES["Pod"].path(self._namespace, name)
                self._api.request("DELETE", path, {"gracePeriodSeconds": 0})
            elif pod["spec"].get("nodeName") and pod["status"].get("phase") == "Pending":
                self._api.patch("Pod", self._namespace, name, {"status": _running(pod)}, "status")
        except Refused as refusal:
            if refusal.status not in (404, 409):
                raise


def _running(pod: Manifest) -> Manifest:
    kept = [each for each in pod["status"].get("conditions", []) if each["type"] == "PodScheduled"]
    started = pod["metadata"]["creationTimestamp"]
    ready = [{"type": kind, "status": "True", "lastTransitionTime": started} for kind in ("ContainersReady", "Ready")]
    return {"phase": "Running", "startTime": started, "conditions": [*kept, *ready]}


def is_serving(pod: Manifest) -> bool:
    conditions = {each["type"]: each["status"] for each in pod.get("status", {}).get("conditions", [])}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


def until_rolled_out(api: Api, namespace: str, image: str, replicas: int, seconds: float = 60) -> None:
    """Until all pods of the namespace run this image and are ready, and no other is there."""

    def done() -> bool:
        pods = api.list("Pod", namespace)
        images = [pod["spec"]["containers"][0]["image"] for pod in pods]
        return images == [image] * replicas and all(map(is_serving, pods))

    eventually(
        done, seconds, lambda: [(pod["metadata"]["name"], pod.get("status")) for pod in api.list("Pod", namespace)]
    )

"""Says why a pod is dead: evicted, ended by its node's shutdown, preempted, or rejected by its node.

A dead pod (phase Failed or Succeeded) never runs again, and stays until it is deleted; its ReplicaSet counts it no more
and makes another one. Sources: k8s.io/kubernetes/pkg/controller/controller_utils.go (IsPodActive), and for the words
eviction/helpers.go, nodeshutdown/nodeshutdown_manager.go, preemption/preemption.go and lifecycle/predicate.go of
k8s.io/kubernetes/pkg/kubelet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.foreign_text import one_line
from tfs_operator.domain.pods.facts import PodFacts
from tfs_operator.domain.pods.manifest import condition, is_extra
from tfs_operator.domain.times import epoch

_DEAD = ("Failed", "Succeeded")
_LIMIT = 600
_SLACK_SECONDS = 60.0
"""How long before its replacement was created a pod may have died."""

_HOW = {
    "Evicted": "was evicted",
    "Terminated": "was ended by the shutdown of its node",
    "Shutdown": "was ended by the shutdown of its node",
    "NodeShutdown": "was rejected by a node that shuts down",
    "Preempting": "was preempted",
}
_ON_THE_NODE = "the models that are fetched lie on the node's disk: "
_ON_A_CLAIM = ", or keep them on a claim (storage.cache)"
_DISK_LIMITS = ("local ephemeral storage limit", "local storage usage exceeds")
_DISK = ("resource: ephemeral-storage", "resource: inodes", "DiskPressure")
_MEMORY = ("resource: memory", "MemoryPressure")
_PROCESSES = ("resource: pids", "PIDPressure")


@dataclass(frozen=True)
class DeadPod:
    """`reason` and `message` are the kubelet's, either may be empty; `at` is when it died, in seconds since the
    epoch."""

    name: str
    reason: str
    message: str
    at: float
    extra: bool = False
    """It was outside the Service."""

    def words(self, *, keeps_models: bool = False) -> str:
        """Returns why it died, and the field that helps. `keeps_models`: fetched models lie on the node's disk."""
        how = _HOW.get(self.reason) or (f"ended ({one_line(self.reason, _LIMIT)})" if self.reason else "ended")
        message = f": {one_line(self.message, _LIMIT)}" if self.message else ""
        advice = _advice(f"{self.reason} {self.message}", keeps_models=keeps_models)
        return f"pod {self.name} {how}{message}" + (f": {advice}" if advice else "")


def is_dead(pod: Manifest) -> bool:
    """Tells whether no container of the pod will ever run again."""
    return (pod.get("status") or {}).get("phase") in _DEAD


def dead_pods(pods: Iterable[Manifest]) -> list[DeadPod]:
    """Returns those of the pods that are dead."""
    return [_dead_pod(pod) for pod in pods if is_dead(pod)]


def lost(dead: Sequence[DeadPod], living: Sequence[PodFacts], replicas: int, now: float) -> DeadPod | None:
    """Returns the pod that died last, while its replacement is not ready; None when enough pods are ready, or when the
    pods that are awaited were created long after it died."""
    if not dead or sum(pod.ready for pod in living) >= replicas:
        return None
    last = max(dead, key=lambda pod: (pod.at, pod.name))
    awaited = min((pod.created_at for pod in living if not pod.ready), default=now)
    return last if last.at >= awaited - _SLACK_SECONDS else None


def _dead_pod(pod: Manifest) -> DeadPod:
    """Reads the reason from a condition where the kubelet has overwritten that of the status (kubernetes#105467)."""
    status = pod.get("status") or {}
    disruption = condition(status, "DisruptionTarget")
    message = str(status.get("message") or disruption.get("message") or "").strip().rstrip(".")
    reason = str(status.get("reason") or _reason_of(disruption) or "")
    return DeadPod(pod["metadata"]["name"], reason, message, _died_at(pod), is_extra(pod))


def _reason_of(disruption: Manifest) -> str:
    reason, message = str(disruption.get("reason", "")), str(disruption.get("message", ""))
    return "Evicted" if reason == "TerminationByKubelet" and "low on resource" in message else reason


def _died_at(pod: Manifest) -> float:
    """Returns the latest time that the pod bears: nothing of it changes once it is dead."""
    status = pod.get("status") or {}
    turned = [found.get("lastTransitionTime") for found in status.get("conditions") or []]
    ended = [
        ((found.get("state") or {}).get("terminated") or {}).get("finishedAt")
        for found in status.get("containerStatuses") or []
    ]
    return max(map(epoch, [pod["metadata"].get("creationTimestamp"), *turned, *ended]))


def _advice(words: str, *, keeps_models: bool) -> str:
    before, instead = (_ON_THE_NODE, _ON_A_CLAIM) if keeps_models else ("", "")
    if any(sign in words for sign in _DISK_LIMITS):
        field = "storage.resources" if "Container fetcher" in words else "server.resources"
        return f"{before}raise {field}.limits.ephemeral-storage{instead}"
    if any(sign in words for sign in _DISK):
        return f"{before}request ephemeral-storage in server.resources{instead}, or make room on the node"
    if any(sign in words for sign in _MEMORY):
        return "request as much memory as the models need in server.resources: who uses more than that goes first"
    if any(sign in words for sign in _PROCESSES):
        return "the node has run out of process numbers: another program there may start too many"
    return _other_advice(words)


def _other_advice(words: str) -> str:
    if words.startswith("Preempting"):
        return "a higher podTemplate.priorityClassName keeps it"
    if words.startswith("NodeAffinity"):
        return "correct podTemplate.nodeSelector or affinity, or label a node"
    if words.startswith("UnexpectedAdmissionError"):
        return "see the node's kubelet and, for GPUs, its device plugin"
    return ""

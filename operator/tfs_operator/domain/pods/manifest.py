"""Finds the parts of a Pod's manifest that facts, deaths and problems are read from.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from collections.abc import Iterable

from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.times import epoch

SERVER_CONTAINER = "model-server"
"""The container that runs tensorflow_model_server."""

TRIAL_APPLICATION = "tensorflow-serving-trial"
"""The label app.kubernetes.io/name of pods outside the Service, on which versions are tried."""


def is_extra(pod: Manifest) -> bool:
    """Tells whether the pod is outside the Service."""
    labels = pod["metadata"].get("labels") or {}
    return bool(labels.get("app.kubernetes.io/name") == TRIAL_APPLICATION)


def is_made_by(pod: Manifest, deployments: Iterable[str]) -> bool:
    """Tells whether a ReplicaSet of one of these Deployments has made the pod, and not somebody who gave it their
    labels. A ReplicaSet is named after its Deployment and the hash of its template; the garbage collector ends a pod
    that names an owner that there is not, and a ReplicaSet counts the pods that name it.

    Source: Kubernetes, pkg/controller/deployment/sync.go (getNewReplicaSet)
    """
    metadata = pod["metadata"]
    owner: Manifest = next((each for each in metadata.get("ownerReferences") or () if each.get("controller")), {})
    suffix = (metadata.get("labels") or {}).get("pod-template-hash", "")
    names = {f"{deployment}-{suffix}" for deployment in deployments}
    return owner.get("kind") == "ReplicaSet" and owner.get("name") in names


def condition(status: Manifest, kind: str) -> Manifest:
    """Returns a condition of the pod's status; empty where there is none."""
    conditions: list[Manifest] = status.get("conditions") or []
    return next((found for found in conditions if found.get("type") == kind), {})


def container_statuses(status: Manifest) -> list[Manifest]:
    """Returns the statuses of all containers, init containers first."""
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def server_status(status: Manifest) -> Manifest:
    """Returns the status of the model server's container; empty where it has none yet."""
    containers: list[Manifest] = status.get("containerStatuses") or []
    return next((found for found in containers if found.get("name") == SERVER_CONTAINER), {})


def is_running(container: Manifest) -> bool:
    """Tells whether the container has a running process."""
    return "running" in (container.get("state") or {})


def last_exit(container: Manifest) -> Manifest | None:
    """Returns how the last process of a container ended, if by an error; None also where none has ended."""
    ended = _terminated(container, "state") or _terminated(container, "lastState")
    return ended if ended and (ended.get("exitCode", 0) or ended.get("reason") == "OOMKilled") else None


def _terminated(container: Manifest, state: str) -> Manifest:
    found: Manifest = (container.get(state) or {}).get("terminated") or {}
    return found


def failed_exit(container: Manifest) -> Manifest | None:
    """Returns the same, unless the container is ready again."""
    return None if container.get("ready") else last_exit(container)


def died_serving(status: Manifest, container: Manifest) -> bool:
    """Tells whether the pod was ready after the process that ended had started: it stopped being ready since. A pod
    that never was ready, or stopped being so when an earlier process ended, has had that status for longer."""
    ended, ready = failed_exit(container), condition(status, "Ready")
    started = epoch(ended.get("startedAt")) if ended else 0.0
    return started > 0 and ready.get("status") == "False" and epoch(ready.get("lastTransitionTime")) > started


def memory_limit(pod: Manifest, container: str) -> str:
    """Returns the memory limit of a container as the pod's spec has it, such as `900Mi`; empty without one."""
    spec = pod.get("spec") or {}
    declared = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    found: Manifest = next((each for each in declared if each.get("name") == container), {})
    return str(((found.get("resources") or {}).get("limits") or {}).get("memory", ""))

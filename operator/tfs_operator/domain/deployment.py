"""Reads a Deployment's status: the progress of its rolling update.

Its counts are those of its ReplicaSets, which count neither terminating pods nor dead ones (phase Failed or Succeeded).
Sources: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status and
k8s.io/kubernetes/pkg/controller/replicaset/replica_set.go (FilterActivePods before calculateStatus).
"""

from dataclasses import dataclass

from tfs_operator.api.conditions import Reason
from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.replica_failure import pods_not_created
from tfs_operator.domain.scheduling import GPU
from tfs_operator.domain.times import epoch


@dataclass(frozen=True)
class DeploymentFacts:
    """Counts of pods. `current` is False until the Deployment's controller has seen the newest spec."""

    current: bool = False
    desired: int = 0
    replicas: int = 0
    updated: int = 0
    ready: int = 0
    problem: Problem | None = None
    surges: bool = True
    """An update starts a new pod before it stops an old one."""

    no_gpu_since: float = 0.0
    """Since when a quota on GPUs keeps a pod from being created, in seconds since the epoch; 0.0 when none does."""

    @property
    def complete(self) -> bool:
        return self.current and self.replicas == self.updated == self.ready == self.desired


def facts(deployment: Manifest | None) -> DeploymentFacts:
    """Returns the facts of a Deployment; None stands for one that does not exist yet."""
    if deployment is None:
        return DeploymentFacts()
    status = deployment.get("status", {})
    return DeploymentFacts(
        current=status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 1),
        desired=deployment.get("spec", {}).get("replicas", 1),
        replicas=status.get("replicas", 0),
        updated=status.get("updatedReplicas", 0),
        ready=status.get("readyReplicas", 0),
        problem=_failure(deployment["metadata"].get("name", ""), status),
        surges=_rolling_update(deployment).get("maxSurge", 1) != 0,
        no_gpu_since=_no_gpu_since(status),
    )


def _rolling_update(deployment: Manifest) -> Manifest:
    found: Manifest = deployment.get("spec", {}).get("strategy", {}).get("rollingUpdate") or {}
    return found


def _replica_failure(status: Manifest) -> Manifest | None:
    for condition in status.get("conditions", []):
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            return dict(condition)
    return None


def _failure(name: str, status: Manifest) -> Problem | None:
    failure = _replica_failure(status)
    return Problem(Reason.PODS_NOT_CREATED, pods_not_created(name, failure.get("message", ""))) if failure else None


def _no_gpu_since(status: Manifest) -> float:
    """Of a ResourceQuota: `exceeded quota: gpus, requested: requests.nvidia.com/gpu=1, …`."""
    failure = _replica_failure(status) or {}
    words = str(failure.get("message", ""))
    return epoch(failure.get("lastTransitionTime")) if "exceeded quota" in words and GPU in words else 0.0

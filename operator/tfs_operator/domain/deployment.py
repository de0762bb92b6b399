"""What Kubernetes says of the Deployment: how far its rolling update is.

Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status
"""

from dataclasses import dataclass
from typing import Any

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.unmade_pods import unmade_pods

Manifest = dict[str, Any]


@dataclass(frozen=True)
class DeploymentFacts:
    """Counts of pods. `current` is False until the Deployment's controller has seen the newest spec."""

    current: bool = False
    wanted: int = 0
    replicas: int = 0
    updated: int = 0
    ready: int = 0
    problem: Problem | None = None

    @property
    def complete(self) -> bool:
        return self.current and self.replicas == self.updated == self.ready == self.wanted


def facts(deployment: Manifest | None) -> DeploymentFacts:
    """The facts of a Deployment manifest; None, when there is none yet."""
    if deployment is None:
        return DeploymentFacts()
    status = deployment.get("status", {})
    return DeploymentFacts(
        current=status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 1),
        wanted=deployment.get("spec", {}).get("replicas", 1),
        replicas=status.get("replicas", 0),
        updated=status.get("updatedReplicas", 0),
        ready=status.get("readyReplicas", 0),
        problem=_failure(deployment["metadata"].get("name", ""), status),
    )


def _failure(name: str, status: Manifest) -> Problem | None:
    for condition in status.get("conditions", []):
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            return Problem(Reason.PODS_NOT_CREATED, unmade_pods(name, condition.get("message", "")))
    return None

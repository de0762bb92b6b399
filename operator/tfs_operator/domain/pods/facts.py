"""Reads the facts of one pod from its manifest."""

from dataclasses import dataclass

from tfs_operator.api.conditions import Reason
from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.drift import quantity
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.pods.deaths import Death, server_death
from tfs_operator.domain.pods.manifest import (
    SERVER_CONTAINER,
    condition,
    container_statuses,
    died_serving,
    is_extra,
    is_running,
    memory_limit,
    server_status,
)
from tfs_operator.domain.pods.problems import problems
from tfs_operator.domain.scheduling import parse_fit_error
from tfs_operator.domain.times import epoch
from tfs_operator.domain.tls import Certificate, served


@dataclass(frozen=True)
class PodFacts:
    """`address` is empty until the pod has one; `incarnation` changes whenever its server is a new process."""

    name: str
    address: str
    ready: bool
    terminating: bool
    models_digest: str
    incarnation: str
    problem: Problem | None
    ready_at: float = 0.0
    """Since when `ready` is what it is, in seconds since the epoch."""

    certificate: Certificate | None = None
    """What its server presents on the gRPC port; None: it speaks no TLS."""

    no_gpu_since: float = 0.0
    """Since when it waits for a node with a free GPU, in seconds since the epoch; 0.0 when it does not."""

    died_serving: bool = False
    """Its server has ended with an error after it had been ready, and is not ready again. What it loads at its start is
    not to blame: memory, a node, or a client's request that kills it (docs/security.md)."""

    uid: str = ""
    """Tells it from another pod of the same name."""

    restarts: int = 0
    """How often the model server's container was restarted."""

    death: Death | None = None
    """How its model server's last process ended, if by an error; also when a new one runs and is ready."""

    running: bool = False
    """Its model server has a running process, whether the pod is ready or not."""

    created_at: float = 0.0
    """In seconds since the epoch."""

    started_at: float = 0.0
    """When its model server's process started, in seconds since the epoch; 0.0 while none runs."""

    memory_limit: int = 0
    """Of its model server's container, in bytes; 0 without one."""

    extra: bool = False
    """It is outside the Service: versions are tried on it."""

    @property
    def crashed(self) -> bool:
        """Its server has ended with an error before it was ready."""
        failed = self.problem is not None and self.problem.reason == Reason.MODEL_SERVER_FAILED
        return failed and not self.died_serving


def facts(pod: Manifest, digest_annotation: str, gpus: int = 0) -> PodFacts:
    """Returns the facts of one pod. `gpus`: as many as each pod asks for."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    ready, server = condition(status, "Ready"), server_status(status)
    return PodFacts(
        name=metadata["name"],
        address=status.get("podIP", ""),
        ready=ready.get("status") == "True",
        terminating=metadata.get("deletionTimestamp") is not None,
        models_digest=(metadata.get("annotations") or {}).get(digest_annotation, ""),
        incarnation=f"{metadata.get('uid', '')}/{_restarts(status)}",
        problem=next(problems(pod, gpus), None),
        ready_at=epoch(ready.get("lastTransitionTime")),
        certificate=served(status),
        no_gpu_since=_no_gpu_since(status),
        died_serving=died_serving(status, server),
        uid=metadata.get("uid", ""),
        restarts=int(server.get("restartCount", 0)),
        death=server_death(pod),
        running=is_running(server),
        created_at=epoch(metadata.get("creationTimestamp")),
        started_at=epoch(((server.get("state") or {}).get("running") or {}).get("startedAt")),
        extra=is_extra(pod),
        memory_limit=int(quantity(memory_limit(pod, SERVER_CONTAINER) or 0)),
    )


def _restarts(status: Manifest) -> int:
    return sum(int(container.get("restartCount", 0)) for container in container_statuses(status))


def _no_gpu_since(status: Manifest) -> float:
    scheduled = condition(status, "PodScheduled")
    found = parse_fit_error(str(scheduled.get("message", ""))) if scheduled.get("status") == "False" else None
    return epoch(scheduled.get("lastTransitionTime")) if found and found.lacks_gpu else 0.0

"""Decides whether a rolling update may start a new pod before it stops an old one.

It may, and no request is lost. But where every GPU is taken, by the very pods that are to be replaced, the new pod
waits for ever. So after a while an old pod is stopped first, one at a time, until the update is complete.
Computed from the Deployment and its pods, so a restarted operator decides the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tfs_operator.domain.deployment import DeploymentFacts
from tfs_operator.domain.pods import PodFacts


@dataclass(frozen=True)
class Surge:
    """`until`: when it will no longer be allowed, in seconds since the epoch; None when no pod waits for a GPU that an
    old one could give."""

    allowed: bool = True
    until: float | None = None


def surge(
    gpus: int, deployment: DeploymentFacts, pods: Sequence[PodFacts], timeout_seconds: float, now: float
) -> Surge:
    """Once it is not allowed, it is allowed again when the update is complete. With GPUs only: more of anything else is
    a node away, and is asked for by a pod that waits."""
    if not gpus or deployment.complete:
        return Surge()
    if not deployment.surges:
        return Surge(allowed=False)
    waiting = [pod.no_gpu_since for pod in pods if pod.no_gpu_since] + [
        since for since in (deployment.no_gpu_since,) if since
    ]
    if not waiting or deployment.updated >= deployment.replicas:
        return Surge()
    until = min(waiting) + timeout_seconds
    return Surge(allowed=now < until, until=until if now < until else None)

"""Whether Kubernetes guarantees a container its resources: its pod is among the last to be evicted then.

Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
"""

from tfs_operator.api.server import ResourceRequirements
from tfs_operator.domain.drift import same_amount

_RESOURCES = ("cpu", "memory")


def is_guaranteed(resources: ResourceRequirements | None) -> bool:
    """Tells whether CPU and memory have limits, and requests that are equal to them or left to Kubernetes, which takes
    the limits then."""
    if resources is None:
        return False
    limits = resources.limits or {}
    requests = {**limits, **(resources.requests or {})}
    return all(name in limits and same_amount(limits[name], requests[name]) for name in _RESOURCES)

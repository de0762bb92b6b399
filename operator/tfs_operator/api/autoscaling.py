"""How the number of replicas follows the load: by a HorizontalPodAutoscaler, or by KEDA.

Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
"""

from typing import Annotated, Any

from pydantic import Field

from tfs_operator.api.base import ATOMIC_LIST, ApiModel
from tfs_operator.api.hpa_behavior import Behavior
from tfs_operator.api.hpa_metrics import MetricSpec
from tfs_operator.api.keda import Keda
from tfs_operator.api.rules import Rule

MAX_REPLICAS = 1000
DEFAULT_CPU_UTILIZATION = 80
"""In percent of the request; Kubernetes' own default."""


class Autoscaling(ApiModel):
    """Scales the model between two numbers of replicas, on metrics. `spec.replicas` is ignored meanwhile."""

    min_replicas: Annotated[int, Field(ge=0, le=MAX_REPLICAS, json_schema_extra={"format": "int32"})] = 1
    """Lowest number of replicas. 0 is for `keda` alone: without traffic no pod runs, and the first requests are
    lost or wait until one is ready."""

    max_replicas: Annotated[int, Field(ge=1, le=MAX_REPLICAS, json_schema_extra={"format": "int32"})]
    """Highest number of replicas."""

    target_cpu_utilization_percentage: (
        Annotated[int, Field(ge=1, le=1000, json_schema_extra={"format": "int32"})] | None
    ) = Field(default=None, alias="targetCPUUtilizationPercentage")
    """Target of the model server's CPU use, as the mean over all replicas, in percent of its request. Needs a CPU
    request in `server.resources`, and metrics-server in the cluster. Default: 80 where neither `metrics` nor `keda`
    is given."""

    metrics: Annotated[list[MetricSpec], Field(min_length=1, max_length=16, json_schema_extra=ATOMIC_LIST)] | None = (
        None
    )
    """Further metrics, as a HorizontalPodAutoscaler's `metrics` (autoscaling/v2): `type` Pods, Object, External, …
    The metric that asks for the most replicas decides."""

    behavior: Behavior | None = None
    """How fast the model scales, also by `keda`: `behavior` of a HorizontalPodAutoscaler, `scaleUp` and `scaleDown`."""

    keda: Keda | None = None
    """Scales by KEDA instead of a HorizontalPodAutoscaler."""

    rules = (
        Rule(
            "self.minReplicas <= self.maxReplicas",
            lambda spec: spec.min_replicas <= spec.max_replicas,
            "minReplicas is above maxReplicas",
        ),
        Rule(
            "self.minReplicas > 0 || has(self.keda)",
            lambda spec: spec.min_replicas > 0 or spec.keda is not None,
            "minReplicas 0 needs keda: a HorizontalPodAutoscaler cannot scale to zero and back",
        ),
        Rule(
            "!has(self.keda) || (!has(self.targetCPUUtilizationPercentage) && !has(self.metrics))",
            lambda spec: spec.keda is None or (spec.target_cpu_utilization_percentage is None and spec.metrics is None),
            "keda excludes targetCPUUtilizationPercentage and metrics: say it as triggers, for example of type cpu",
        ),
        Rule(
            "!has(self.keda) || !has(self.keda.idleReplicaCount) || self.minReplicas > 0",
            lambda spec: spec.keda is None or spec.keda.idle_replica_count is None or spec.min_replicas > 0,
            "keda.idleReplicaCount is for minReplicas above 0: minReplicas 0 scales to zero by itself",
        ),
    )

    @property
    def cpu_target(self) -> int | None:
        """In percent of the request; None where CPU is not scaled on."""
        if self.target_cpu_utilization_percentage is not None:
            return self.target_cpu_utilization_percentage
        return DEFAULT_CPU_UTILIZATION if self.metrics is None and self.keda is None else None


def _cpu_is_requested(spec: Any) -> bool:
    """A limit counts: Kubernetes makes a request of one that stands alone."""
    if spec.autoscaling is None or spec.autoscaling.cpu_target is None:
        return True
    resources = spec.server.resources
    return resources is not None and "cpu" in {**(resources.requests or {}), **(resources.limits or {})}


CPU_REQUEST_RULE = Rule(
    "!has(self.autoscaling) || has(self.autoscaling.keda)"
    " || (has(self.autoscaling.metrics) && !has(self.autoscaling.targetCPUUtilizationPercentage))"
    " || (has(self.server) && has(self.server.resources)"
    " && ((has(self.server.resources.requests) && 'cpu' in self.server.resources.requests)"
    " || (has(self.server.resources.limits) && 'cpu' in self.server.resources.limits)))",
    _cpu_is_requested,
    "autoscaling on CPU needs server.resources.requests.cpu: the target is a percentage of it, and without it the"
    " autoscaler never scales",
)
"""Over the whole spec."""

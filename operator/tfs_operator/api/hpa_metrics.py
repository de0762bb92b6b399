"""What a HorizontalPodAutoscaler scales on: items of its `metrics`, autoscaling/v2 of Kubernetes 1.35.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
"""

from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.alias_generators import to_snake

from tfs_operator.api.base import MAX_INT32, ApiModel
from tfs_operator.api.quantity import Quantity
from tfs_operator.api.rules import Rule
from tfs_operator.api.selectors import LabelSelector

ResourceName = Annotated[str, Field(min_length=1, max_length=317)]


class MetricTarget(ApiModel):
    """Value of a metric that the number of replicas is to bring about."""

    type: Literal["Utilization", "Value", "AverageValue"]
    """Which of the other fields is the target."""

    value: Quantity | None = None
    """Value of the metric as a whole."""

    average_value: Quantity | None = None
    """Value for each replica."""

    average_utilization: Annotated[int, Field(ge=1, le=MAX_INT32, json_schema_extra={"format": "int32"})] | None = None
    """For resources: mean use of all replicas, in percent of what they request."""


class MetricIdentifier(ApiModel):
    """A metric by its name, and by labels."""

    name: Annotated[str, Field(min_length=1, max_length=1024)]
    """Name of the metric."""

    selector: LabelSelector | None = None
    """Labels of the series that count."""


class CrossVersionObjectReference(ApiModel):
    """An object in the TFModel's namespace."""

    api_version: Annotated[str, Field(max_length=317)] | None = None
    """API version of the object, for example networking.k8s.io/v1."""

    kind: Annotated[str, Field(min_length=1, max_length=63)]
    """Kind of the object."""

    name: Annotated[str, Field(min_length=1, max_length=253)]
    """Name of the object."""


class ObjectMetricSource(ApiModel):
    """A metric of one object."""

    described_object: CrossVersionObjectReference
    """Object that the metric describes."""

    metric: MetricIdentifier
    """The metric."""

    target: MetricTarget
    """Target: `value` or `averageValue`."""


class PodsMetricSource(ApiModel):
    """A metric that each pod has."""

    metric: MetricIdentifier
    """The metric."""

    target: MetricTarget
    """Target: `averageValue`."""


class ExternalMetricSource(ApiModel):
    """A metric of something outside the cluster."""

    metric: MetricIdentifier
    """The metric."""

    target: MetricTarget
    """Target: `value` or `averageValue`."""


class ResourceMetricSource(ApiModel):
    """A resource of whole pods."""

    name: ResourceName
    """Name of the resource: cpu or memory."""

    target: MetricTarget
    """Target: `averageUtilization` or `averageValue`."""


class ContainerResourceMetricSource(ApiModel):
    """A resource of one container of each pod."""

    name: ResourceName
    """Name of the resource: cpu or memory."""

    container: Annotated[str, Field(min_length=1, max_length=63)]
    """Name of the container, for example model-server."""

    target: MetricTarget
    """Target: `averageUtilization` or `averageValue`."""


_SOURCES = {
    "Object": "object",
    "Pods": "pods",
    "External": "external",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}
"""Type → field that it needs."""


def _has_its_source(metric: Any) -> bool:
    return bool(metric.model_fields_set == {"type", to_snake(_SOURCES[metric.type])})


class MetricSpec(ApiModel):
    """A metric to scale on. The field that is named as its `type` has to be set, and no other."""

    type: Literal["Object", "Pods", "External", "Resource", "ContainerResource"]
    """What the metric belongs to."""

    object: ObjectMetricSource | None = None
    """For Object: a metric of one object."""

    pods: PodsMetricSource | None = None
    """For Pods: a metric that each pod has, as the mean over all."""

    external: ExternalMetricSource | None = None
    """For External: a metric of something outside the cluster."""

    resource: ResourceMetricSource | None = None
    """For Resource: CPU or memory of whole pods."""

    container_resource: ContainerResourceMetricSource | None = None
    """For ContainerResource: CPU or memory of one container of each pod."""

    rules = (
        Rule(
            " && ".join(f"(self.type == '{kind}') == has(self.{field})" for kind, field in _SOURCES.items()),
            _has_its_source,
            "set the field that type names, and no other: "
            + ", ".join(f"{field} for {kind}" for kind, field in _SOURCES.items()),
        ),
    )

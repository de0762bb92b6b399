"""How fast replicas are added and removed: `behavior` of a HorizontalPodAutoscaler, autoscaling/v2 of Kubernetes 1.35.

Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#configurable-scaling-behavior
"""

from typing import Annotated, Literal

from pydantic import Field

from tfs_operator.api.base import ATOMIC_LIST, MAX_INT32, ApiModel
from tfs_operator.api.quantity import Quantity


class ScalingPolicy(ApiModel):
    """A limit on how many replicas change within a time."""

    type: Literal["Pods", "Percent"]
    """What `value` counts: pods, or percent of the present number."""

    value: Annotated[int, Field(ge=1, le=MAX_INT32, json_schema_extra={"format": "int32"})]
    """The most that may change."""

    period_seconds: Annotated[int, Field(ge=1, le=1800, json_schema_extra={"format": "int32"})]
    """Within how many seconds."""


class ScalingRules(ApiModel):
    """How fast replicas change in one direction."""

    stabilization_window_seconds: Annotated[int, Field(ge=0, le=3600, json_schema_extra={"format": "int32"})] | None = (
        None
    )
    """For how many seconds the most careful of the past recommendations holds. Default: 0 up, 300 down."""

    select_policy: Literal["Max", "Min", "Disabled"] | None = None
    """Which of the policies decides; Disabled turns this direction off. Default: Max."""

    policies: (
        Annotated[list[ScalingPolicy], Field(min_length=1, max_length=16, json_schema_extra=ATOMIC_LIST)] | None
    ) = None
    """Limits on the change. Default: up 4 pods or a doubling in 15 s, down all pods in 15 s."""

    tolerance: Quantity | None = None
    """How far a metric may be from its target before the number changes, as a share of it: "0.05" is 5%. Default:
    "0.1"."""


class Behavior(ApiModel):
    """How fast replicas are added and removed."""

    scale_up: ScalingRules | None = None
    """How fast replicas are added."""

    scale_down: ScalingRules | None = None
    """How fast replicas are removed."""

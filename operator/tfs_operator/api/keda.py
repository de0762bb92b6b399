"""Scaling by KEDA: parts of a ScaledObject, as KEDA 2.21 has them.

Source: https://keda.sh/docs/latest/reference/scaledobject-spec/
"""

from typing import Annotated, Literal

from pydantic import Field

from tfs_operator.api.base import ATOMIC_LIST, MAX_INT32, ApiModel

Seconds = Annotated[int, Field(ge=0, le=86400, json_schema_extra={"format": "int32"})]
_Count = Annotated[int, Field(ge=0, le=MAX_INT32, json_schema_extra={"format": "int32"})]


class AuthenticationRef(ApiModel):
    """An object with the credentials of a trigger."""

    name: Annotated[str, Field(max_length=253)]
    """Name of the object."""

    kind: Literal["TriggerAuthentication", "ClusterTriggerAuthentication"] | None = None
    """Kind of the object. Default: TriggerAuthentication. The other is refused unless the operator was started with
    --allow-keda-credentials."""


class Trigger(ApiModel):
    """What KEDA scales on."""

    type: Annotated[str, Field(min_length=1, max_length=253)]
    """Kind of the source: prometheus, kafka, cron, …"""

    name: Annotated[str, Field(max_length=253)] | None = None
    """Name of the trigger, by which `scalingModifiers.formula` refers to it."""

    metadata: Annotated[dict[str, Annotated[str, Field(max_length=16384)]], Field(max_length=64)]
    """Settings of a source of this type, as KEDA's pages list them. Numbers are in quotes."""

    authentication_ref: AuthenticationRef | None = None
    """Object with the credentials for the source."""

    metric_type: Literal["AverageValue", "Value", "Utilization"] | None = None
    """Whether the target is for each replica, for all together, or, for cpu and memory, in percent of their request.
    Default: AverageValue."""

    use_cached_metrics: bool | None = None
    """Whether values are fetched once per `pollingInterval` only. Default: false."""


class Fallback(ApiModel):
    """Replicas while a trigger cannot be read."""

    failure_threshold: _Count
    """Number of failures in a row from which it applies."""

    replicas: _Count
    """Number of replicas then."""

    behavior: (
        Literal["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower", "scalingModifiers"]
        | None
    ) = None
    """Which number that is: `replicas`, the present one, the higher or the lower of both; or what
    `scalingModifiers.formula` makes of the others. Default: static."""


class ScalingModifiers(ApiModel):
    """Several triggers as one figure."""

    formula: Annotated[str, Field(max_length=4096)] | None = None
    """Formula over the names of the triggers, for example `(rate + queue) / 2`."""

    target: Annotated[str, Field(max_length=64)] | None = None
    """Target of the figure, a number in quotes."""

    activation_target: Annotated[str, Field(max_length=64)] | None = None
    """Figure above which the model is scaled from zero, a number in quotes. Default: "0"."""

    metric_type: Literal["AverageValue", "Value"] | None = None
    """How the figure is compared with `target`. Default: AverageValue."""


class Keda(ApiModel):
    """Scaling by KEDA, which has to be installed in the cluster: on events of any source, and to zero."""

    triggers: Annotated[list[Trigger], Field(min_length=1, max_length=32, json_schema_extra=ATOMIC_LIST)]
    """What to scale on, as a ScaledObject's `triggers`: `type`, `metadata`, `authenticationRef`, `metricType`, …
    A `cpu` trigger should name its container: `metadata: {containerName: model-server, value: "80"}`."""

    polling_interval: Annotated[int, Field(ge=1, le=86400, json_schema_extra={"format": "int32"})] | None = None
    """How often KEDA checks the triggers, in seconds. Default: KEDA's 30."""

    cooldown_period: Seconds | None = None
    """How long all triggers must be inactive before the model is scaled to zero, in seconds. Default: KEDA's 300."""

    initial_cooldown_period: Seconds | None = None
    """For how long after its creation the model is not scaled to zero, in seconds. Default: KEDA's 0."""

    idle_replica_count: Annotated[int, Field(ge=0, le=0, json_schema_extra={"format": "int32"})] | None = None
    """0 scales to zero while no trigger is active, and to `minReplicas` as soon as one is."""

    fallback: Fallback | None = None
    """Replicas while a trigger cannot be read, as a ScaledObject's `fallback`: `failureThreshold`, `replicas`."""

    scaling_modifiers: ScalingModifiers | None = None
    """Several triggers as one figure, as a ScaledObject's `advanced.scalingModifiers`: `formula`, `target`, …"""

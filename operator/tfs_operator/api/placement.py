"""Where the pods run, how they are reached and how they are replaced."""

from typing import Annotated, Literal

from pydantic import Field

from tfs_operator.api.affinity import Affinity
from tfs_operator.api.annotations import Annotations, PodAnnotations, StringMap
from tfs_operator.api.base import ATOMIC_LIST, DEFAULTED, MAX_INT32, ApiModel
from tfs_operator.api.rules import Rule, ruled
from tfs_operator.api.topology_spread import TopologySpreadConstraint
from tfs_operator.api.verify import Verify

_RESERVED = "^(app[.]kubernetes[.]io/|tfs-operator[.]io/)"
PodLabels = Annotated[
    dict[str, Annotated[str, Field(max_length=63)]],
    Field(max_length=32),
    *ruled(
        Rule(
            f"!self.exists(key, key.matches(r'{_RESERVED}'))",
            lambda labels: not any(key.startswith(("app.kubernetes.io/", "tfs-operator.io/")) for key in labels),
            "labels below app.kubernetes.io/ and tfs-operator.io/ are set by the operator",
        ),
    ),
]


class Toleration(ApiModel):
    """As an item of a Pod's `tolerations`."""

    key: Annotated[str, Field(max_length=316)] | None = None
    """Key of the taint; empty with operator Exists matches every taint."""

    operator: Literal["Equal", "Exists"] | None = None
    """Equal (default) compares `value` too."""

    value: Annotated[str, Field(max_length=63)] | None = None
    """Value of the taint."""

    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint; empty matches every effect."""

    toleration_seconds: Annotated[int, Field(ge=0, le=MAX_INT32, json_schema_extra={"format": "int64"})] | None = None
    """For NoExecute: how long the pod stays, in seconds. Default: for ever."""


class PodTemplate(ApiModel):
    """Additions to the pods that run the model server. A change is rolled out pod by pod."""

    labels: PodLabels | None = None
    """Labels added to each pod."""

    annotations: PodAnnotations | None = None
    """Annotations added to each pod. Those for AppArmor and seccomp profiles cannot turn a profile off."""

    node_selector: StringMap | None = None
    """Labels that a node must have, as in a Pod's `nodeSelector`."""

    tolerations: Annotated[list[Toleration], Field(max_length=32, json_schema_extra=ATOMIC_LIST)] | None = None
    """Taints that the pods tolerate, as in a Pod. With `gpus` the one for nvidia.com/gpu is added."""

    affinity: Affinity | None = None
    """As a Pod's `affinity`: `nodeAffinity`, `podAffinity`, `podAntiAffinity`."""

    topology_spread_constraints: (
        Annotated[list[TopologySpreadConstraint], Field(max_length=16, json_schema_extra=ATOMIC_LIST)] | None
    ) = None
    """As a Pod's `topologySpreadConstraints`; the pods carry app.kubernetes.io/instance: NAME. Default: evenly over
    nodes and over zones, where that is possible. An empty list turns the default off."""

    priority_class_name: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """Name of the PriorityClass of the pods."""


Port = Annotated[int, Field(ge=1, le=65535, json_schema_extra={"format": "int32"})]


class Service(ApiModel):
    """The Service in front of all replicas, named like the TFModel."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """Type of the Service."""

    annotations: Annotations | None = None
    """Annotations of the Service, for example for a cloud's load balancer."""

    rest_port: Port = 8501
    """Port of the REST API on the Service."""

    grpc_port: Port = 8500
    """Port of gRPC on the Service."""

    rules = (
        Rule(
            "self.restPort != self.grpcPort",
            lambda service: service.rest_port != service.grpc_port,
            "restPort and grpcPort must differ",
        ),
    )


class Rollout(ApiModel):
    """How changes are made: time limits, and what a new version has to show."""

    load_timeout_seconds: Annotated[int, Field(ge=1, le=86400, json_schema_extra={"format": "int32"})] = 600
    """How long a version may take to load, in seconds: on a running server before it is given up and labels
    stay where they are, on a starting server before it is restarted."""

    trial_seconds: Annotated[int, Field(ge=0, le=86400, json_schema_extra={"format": "int32"})] = 3
    """How long a version that is new to the pods is AVAILABLE on one of them before the others load it, in seconds. A
    version that ends its model server, or cannot predict, harms one pod only. 0: all pods load it at once."""

    extra_pod: bool = False
    """Whether new versions are tried on a pod of their own, which no client reaches, instead of one in the Service. It
    starts with what is served, needs as much as any other pod, and is there while a version is tried. Where it does
    not come up within `surgeTimeoutSeconds`, versions are tried on a pod in the Service, and the event
    ExtraPodMissing says why."""

    bake_seconds: Annotated[int, Field(ge=0, le=86400, json_schema_extra={"format": "int32"})] = 30
    """How long a version that the spec no longer names stays loaded after all labels have moved, in seconds: a rollback
    within this time needs no load. Both versions are in memory meanwhile."""

    drain_seconds: Annotated[int, Field(ge=0, le=3600, json_schema_extra={"format": "int32"})] = 15
    """How long a pod that is being stopped keeps answering, in seconds, so that clients and load balancers turn away
    first; it is killed 5 s later. At least twice the slowest request: gRPC clients are asked for new connections
    within the first half. TensorFlow Serving itself does not drain."""

    surge_timeout_seconds: Annotated[int, Field(ge=0, le=86400, json_schema_extra={"format": "int32"})] = 60
    """With `gpus`: how long a new pod of a rolling update may wait for a free GPU, in seconds, before an old pod is
    stopped to give up its own. Until the new one is ready there is one replica less: with one replica, none. Give a
    cluster autoscaler the time that it takes to add a node. With `extraPod`: how long that pod may wait for room."""

    verify: Verify = Field(default_factory=Verify, json_schema_extra=DEFAULTED)
    """What a new version has to show before labels move to it."""

    rules = (
        Rule(
            "!has(self.extraPod) || !self.extraPod || !has(self.trialSeconds) || self.trialSeconds > 0",
            lambda rollout: not rollout.extra_pod or rollout.trial_seconds > 0,
            "extraPod needs trialSeconds above 0: with 0 all pods load a version at once, and none tries it",
        ),
    )

"""How pods are spread over nodes and zones: a Pod's `topologySpreadConstraints`, as in Kubernetes 1.35.

Source: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
"""

from typing import Annotated, Literal

from pydantic import Field

from tfs_operator.api.base import MAX_INT32, ApiModel
from tfs_operator.api.selectors import LabelKey, LabelKeys, LabelSelector

_Positive = Annotated[int, Field(ge=1, le=MAX_INT32, json_schema_extra={"format": "int32"})]


class TopologySpreadConstraint(ApiModel):
    """A spread over the places that one label of nodes tells apart."""

    max_skew: _Positive
    """How many more pods one place may have than another."""

    topology_key: LabelKey
    """Label of nodes: those with the same value are one place, for example topology.kubernetes.io/zone."""

    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    """Whether a pod that would be too many waits, or is scheduled where it does the least harm."""

    label_selector: LabelSelector | None = None
    """Pods that are counted. Without it, none."""

    match_label_keys: LabelKeys | None = None
    """Keys of labels: only pods that have the new pod's own values are counted, for example of pod-template-hash."""

    min_domains: _Positive | None = None
    """With DoNotSchedule: number of places below which `maxSkew` is counted from zero. Default: 1."""

    node_affinity_policy: Literal["Honor", "Ignore"] | None = None
    """Whether places without a node for the pod, by its affinity and node selector, are left out. Default: Honor."""

    node_taints_policy: Literal["Honor", "Ignore"] | None = None
    """Whether nodes with taints that the pod does not tolerate are left out. Default: Ignore."""

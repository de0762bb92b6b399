"""To which nodes, and beside which pods, pods are scheduled: a Pod's `affinity`, as in Kubernetes 1.35.

Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from tfs_operator.api.base import ATOMIC_LIST, ATOMIC_MAP, ApiModel
from tfs_operator.api.selectors import LabelKey, LabelKeys, LabelSelector

Weight = Annotated[int, Field(ge=1, le=100, json_schema_extra={"format": "int32"})]


class NodeSelectorRequirement(ApiModel):
    """A condition on one label, or on the name, of a node."""

    key: LabelKey
    """Key of the label; in `matchFields` metadata.name."""

    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    """How it relates to `values`; in `matchFields` In or NotIn."""

    values: (
        Annotated[
            list[Annotated[str, Field(max_length=253)]],
            Field(max_length=256, json_schema_extra=ATOMIC_LIST),
        ]
        | None
    ) = None
    """At least one for In and NotIn, none for Exists and DoesNotExist, one whole number for Gt and Lt."""


NodeSelectorRequirements = Annotated[list[NodeSelectorRequirement], Field(max_length=32, json_schema_extra=ATOMIC_LIST)]


class NodeSelectorTerm(ApiModel):
    """Conditions on a node, which must all hold. An empty term selects no node."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)

    match_expressions: NodeSelectorRequirements | None = None
    """Conditions on labels of the node."""

    match_fields: NodeSelectorRequirements | None = None
    """Conditions on the name of the node."""


class NodeSelector(ApiModel):
    """Selects the nodes for which one of the terms holds."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)

    node_selector_terms: Annotated[
        list[NodeSelectorTerm], Field(min_length=1, max_length=64, json_schema_extra=ATOMIC_LIST)
    ]
    """Terms, of which one must hold."""


class PreferredSchedulingTerm(ApiModel):
    """A term that nodes are preferred by."""

    weight: Weight
    """Weight of the term beside others, from 1 to 100."""

    preference: NodeSelectorTerm
    """Term that adds the weight to a node for which it holds."""


class NodeAffinity(ApiModel):
    """Which nodes pods are scheduled to."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    """Nodes to which pods may be scheduled."""

    preferred_during_scheduling_ignored_during_execution: (
        Annotated[list[PreferredSchedulingTerm], Field(max_length=64, json_schema_extra=ATOMIC_LIST)] | None
    ) = None
    """Nodes that are preferred: that with the greatest sum of weights comes first."""


class PodAffinityTerm(ApiModel):
    """Selects pods, and so the nodes, zones or the like in which they run."""

    topology_key: LabelKey
    """Label of nodes: those with the same value are one place, for example topology.kubernetes.io/zone."""

    label_selector: LabelSelector | None = None
    """Pods that are looked for. Without it, none."""

    namespace_selector: LabelSelector | None = None
    """Namespaces whose pods count, besides `namespaces`; `{}` is all. Without both, the namespace of the TFModel."""

    namespaces: (
        Annotated[
            list[Annotated[str, Field(min_length=1, max_length=63)]],
            Field(max_length=256, json_schema_extra=ATOMIC_LIST),
        ]
        | None
    ) = None
    """Names of namespaces whose pods count."""

    match_label_keys: LabelKeys | None = None
    """Keys of labels: only pods that have the new pod's own values count, for example of pod-template-hash."""

    mismatch_label_keys: LabelKeys | None = None
    """Keys of labels: only pods that have other values than the new pod count."""


class WeightedPodAffinityTerm(ApiModel):
    """A term with a weight."""

    weight: Weight
    """Weight of the term beside others, from 1 to 100."""

    pod_affinity_term: PodAffinityTerm
    """Pods that are looked for."""


PodAffinityTerms = Annotated[list[PodAffinityTerm], Field(max_length=64, json_schema_extra=ATOMIC_LIST)]
WeightedPodAffinityTerms = Annotated[list[WeightedPodAffinityTerm], Field(max_length=64, json_schema_extra=ATOMIC_LIST)]


class PodAffinity(ApiModel):
    """Beside which pods pods are scheduled."""

    required_during_scheduling_ignored_during_execution: PodAffinityTerms | None = None
    """Pods of which one must run in the same place, for each term."""

    preferred_during_scheduling_ignored_during_execution: WeightedPodAffinityTerms | None = None
    """Pods in whose place it is preferred to run."""


class PodAntiAffinity(ApiModel):
    """Away from which pods pods are scheduled."""

    required_during_scheduling_ignored_during_execution: PodAffinityTerms | None = None
    """Pods of which none may run in the same place."""

    preferred_during_scheduling_ignored_during_execution: WeightedPodAffinityTerms | None = None
    """Pods in whose place it is preferred not to run."""


class Affinity(ApiModel):
    """Where pods are scheduled."""

    node_affinity: NodeAffinity | None = None
    """Which nodes pods are scheduled to."""

    pod_affinity: PodAffinity | None = None
    """Beside which pods they are scheduled."""

    pod_anti_affinity: PodAntiAffinity | None = None
    """Away from which pods they are scheduled, for example from other replicas."""

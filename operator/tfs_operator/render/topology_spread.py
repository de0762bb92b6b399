"""Where replicas go when the user does not say: over nodes and over zones, evenly, where that is possible.

Rendered for any number of replicas: a pod template that depended on it would replace every pod when it is scaled.
Source: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
"""

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.render.metadata import selector

_TOPOLOGIES = ("kubernetes.io/hostname", "topology.kubernetes.io/zone")


def spread(tfmodel: TFModel) -> list[Manifest]:
    """The user's own constraints, also when there are none in the list; else ours. During a rolling update only the
    new pods are counted (`matchLabelKeys`): else old pods would push them to where they are unevenly left behind."""
    own = tfmodel.spec.pod_template.topology_spread_constraints
    if own is not None:
        return [constraint.as_written() for constraint in own]
    return [
        {
            "maxSkew": 1,
            "topologyKey": topology,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector(tfmodel)},
            "matchLabelKeys": ["pod-template-hash"],
        }
        for topology in _TOPOLOGIES
    ]

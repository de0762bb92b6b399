"""The PodDisruptionBudget: a node drain takes one replica at a time."""

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.render.metadata import child, labels


def pod_disruption_budget(tfmodel: TFModel) -> Manifest:
    """Allows a pod that is not ready to be evicted at any time, since it serves no client."""
    spec = {
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": labels(tfmodel)},
    }
    return child(tfmodel, "policy/v1", "PodDisruptionBudget", tfmodel.metadata.name, {"spec": spec})

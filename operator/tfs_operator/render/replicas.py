"""Who sets the number of replicas: the spec, or an autoscaler."""

from tfs_operator.api.autoscaling import Autoscaling
from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel

FIRST_REPLICAS_ANNOTATION = "tfs-operator.io/first-replicas"
"""On a Deployment whose replicas an autoscaler sets: with how many it begins. Its presence says that the operator has
let go of `spec.replicas`."""


def replicas(tfmodel: TFModel) -> Manifest:
    """Returns `replicas` for the Deployment's spec; nothing with an autoscaler, which then owns the field."""
    return {} if tfmodel.spec.autoscaling else {"replicas": tfmodel.spec.replicas}


def replicas_annotation(tfmodel: TFModel) -> Manifest:
    """For the Deployment's annotations. Also what may go to zero begins with one: a first pod shows that the model
    loads, and where KEDA is not installed nothing would ever raise it from zero."""
    autoscaling = tfmodel.spec.autoscaling
    return {FIRST_REPLICAS_ANNOTATION: str(_first(autoscaling))} if autoscaling else {}


def desired_replicas(tfmodel: TFModel, live: Manifest | None) -> int:
    """Returns the number of replicas that there should be now; `live` is the Deployment, if there is one."""
    autoscaling = tfmodel.spec.autoscaling
    if autoscaling is None:
        return tfmodel.spec.replicas
    return int(live["spec"].get("replicas", 1)) if live else _first(autoscaling)


def _first(autoscaling: Autoscaling) -> int:
    return max(1, autoscaling.min_replicas)


def first_replicas(deployment: Manifest) -> int | None:
    """Returns with how many replicas an autoscaled Deployment begins, or began; None where the spec sets them."""
    found = (deployment["metadata"].get("annotations") or {}).get(FIRST_REPLICAS_ANNOTATION)
    return int(found) if found is not None and str(found).isdecimal() else None

"""The ScaledObject: replicas by KEDA, which makes a HorizontalPodAutoscaler of it and scales to zero and back.

Source: https://keda.sh/docs/latest/reference/scaledobject-spec/
"""

from tfs_operator.api.autoscaling import Autoscaling
from tfs_operator.api.keda import Keda
from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.render.metadata import child


def scaled_object(tfmodel: TFModel, autoscaling: Autoscaling, keda: Keda) -> Manifest:
    advanced = _advanced(autoscaling, keda)
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": tfmodel.metadata.name},
        "minReplicaCount": autoscaling.min_replicas,
        "maxReplicaCount": autoscaling.max_replicas,
        **keda.model_dump(
            by_alias=True,
            exclude_none=True,
            include={"polling_interval", "cooldown_period", "initial_cooldown_period", "idle_replica_count"},
        ),
        **({"fallback": keda.fallback.as_written()} if keda.fallback else {}),
        **({"advanced": advanced} if advanced else {}),
        "triggers": [trigger.as_written() for trigger in keda.triggers],
    }
    return child(tfmodel, "keda.sh/v1alpha1", "ScaledObject", tfmodel.metadata.name, {"spec": spec})


def _advanced(autoscaling: Autoscaling, keda: Keda) -> Manifest:
    behavior = autoscaling.behavior.as_written() if autoscaling.behavior else {}
    modifiers = keda.scaling_modifiers.as_written() if keda.scaling_modifiers else {}
    return {
        **({"horizontalPodAutoscalerConfig": {"behavior": behavior}} if behavior else {}),
        **({"scalingModifiers": modifiers} if modifiers else {}),
    }

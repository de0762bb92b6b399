"""The HorizontalPodAutoscaler: replicas by CPU and by the user's own metrics."""

from tfs_operator.api.autoscaling import Autoscaling
from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.render.container import CONTAINER_NAME
from tfs_operator.render.metadata import child


def horizontal_pod_autoscaler(tfmodel: TFModel, autoscaling: Autoscaling) -> Manifest:
    behavior = autoscaling.behavior.as_written() if autoscaling.behavior else {}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": tfmodel.metadata.name},
        "minReplicas": autoscaling.min_replicas,
        "maxReplicas": autoscaling.max_replicas,
        "metrics": [*_cpu(autoscaling.cpu_target), *(metric.as_written() for metric in autoscaling.metrics or [])],
        **({"behavior": behavior} if behavior else {}),
    }
    return child(tfmodel, "autoscaling/v2", "HorizontalPodAutoscaler", tfmodel.metadata.name, {"spec": spec})


def _cpu(target: int | None) -> list[Manifest]:
    """Of the model server's container alone. The sum over a pod is never known while any of its containers, a
    service mesh's for example, has no request (podautoscaler/replica_calculator.go), and is no measure of load."""
    if target is None:
        return []
    source = {
        "name": "cpu",
        "container": CONTAINER_NAME,
        "target": {"type": "Utilization", "averageUtilization": target},
    }
    return [{"type": "ContainerResource", "containerResource": source}]

"""Which process it is that runs: what must not change when nothing may restart."""

from testing.local_cluster.kubectl import Manifest
from testing.local_cluster.tfmodel import TFModel

Incarnation = tuple[str, str, int]


def of_pod(pod: Manifest) -> Incarnation:
    """The pod's uid, the time when its container started, and how often it was restarted."""
    container = pod["status"]["containerStatuses"][0]
    return pod["metadata"]["uid"], container["state"]["running"]["startedAt"], container["restartCount"]


def of(tfmodel: TFModel) -> set[Incarnation]:
    return {of_pod(pod) for pod in tfmodel.pods()}

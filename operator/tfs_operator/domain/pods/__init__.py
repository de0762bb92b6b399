"""Reads the pods of a TFModel: whether a pod can be queried, how its model server died, and what is wrong with it.

Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
"""

from tfs_operator.domain.pods.dead import DeadPod, dead_pods, is_dead, lost
from tfs_operator.domain.pods.deaths import Death
from tfs_operator.domain.pods.facts import PodFacts, facts
from tfs_operator.domain.pods.manifest import SERVER_CONTAINER, TRIAL_APPLICATION, is_made_by

__all__ = [
    "SERVER_CONTAINER",
    "TRIAL_APPLICATION",
    "DeadPod",
    "Death",
    "PodFacts",
    "dead_pods",
    "facts",
    "is_dead",
    "is_made_by",
    "lost",
]

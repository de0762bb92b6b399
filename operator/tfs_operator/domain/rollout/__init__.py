"""How a model gets from what is served to what is wanted, without an unsafe moment. See docs/design/rollout.md."""

from tfs_operator.domain.rollout.decide import decide
from tfs_operator.domain.rollout.facts import Action, Facts, Failure, Fleet, Goal, Limits, Memory, Pod, Step
from tfs_operator.domain.rollout.push import pod_config, server_config
from tfs_operator.domain.rollout.server import committed_after, labels_to_ask

__all__ = [
    "Action",
    "Facts",
    "Failure",
    "Fleet",
    "Goal",
    "Limits",
    "Memory",
    "Pod",
    "Step",
    "committed_after",
    "decide",
    "labels_to_ask",
    "pod_config",
    "server_config",
]

"""Leads a model from what is served to its spec, without an unsafe moment. See docs/design/rollout.md."""

from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.decide import decide
from tfs_operator.domain.rollout.facts import (
    Cause,
    ExtraPods,
    Facts,
    Failure,
    Fleet,
    Goal,
    Limits,
    LoadOrder,
    Memory,
    Pod,
    Step,
    Trial,
)
from tfs_operator.domain.rollout.initial import initial_config
from tfs_operator.domain.rollout.push import pod_config, server_config
from tfs_operator.domain.rollout.server import committed_after, labels_to_query
from tfs_operator.domain.rollout.settled import settled
from tfs_operator.domain.rollout.timers import next_change

__all__ = [
    "Action",
    "Cause",
    "ExtraPods",
    "Facts",
    "Failure",
    "Fleet",
    "Goal",
    "Limits",
    "LoadOrder",
    "Memory",
    "Pod",
    "Step",
    "Trial",
    "committed_after",
    "decide",
    "initial_config",
    "labels_to_query",
    "next_change",
    "pod_config",
    "server_config",
    "settled",
]

"""What one pass adds to the history of each model: the memory for the status, what happened, how long steps took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tfs_operator.api.status import RolloutStatus
from tfs_operator.controller.reconcile.rollout_pass import PassResult
from tfs_operator.domain import rollout_status
from tfs_operator.domain.history import Announced, Inputs, RolloutEvent, rollout_events
from tfs_operator.domain.model_status import agreed_labels
from tfs_operator.domain.rollout import Memory


@dataclass(frozen=True)
class RolloutReport:
    """Of one model. `steps` are those that ended in this pass, with their seconds."""

    rollout: RolloutStatus
    rollout_events: Sequence[RolloutEvent]
    steps: Sequence[tuple[str, float]]


def rollout_reports(status: Mapping[str, Any], progress: PassResult, replicas: int) -> dict[str, RolloutReport]:
    """By model; `status` is the one before this pass."""
    before = rollout_status.rollouts(status)
    return {name: _report(name, before.get(name), progress, replicas) for name in progress.steps}


def _report(name: str, before: RolloutStatus | None, progress: PassResult, replicas: int) -> RolloutReport:
    step, pods = progress.steps[name], [seen.model(name) for _, seen in progress.sight.answering]
    inputs = Inputs(
        announced=rollout_status.reported(before) if before else Announced(),
        before=rollout_status.memory(before) if before else Memory(),
        message_before=before.message if before else "",
        step=step,
        pods=pods,
        replicas=replicas,
        now=progress.now,
    )
    news, announced = rollout_events(inputs, agreed_labels(pods))
    return RolloutReport(rollout_status.rollout_status(step, announced), news, _ended(progress.taken[name]))


def _ended(taken: Sequence[Memory]) -> list[tuple[str, float]]:
    """Done has no duration."""
    timed = [pair for pair in pairwise(taken) if pair[0].action is not None and pair[0].action.traits.timed]
    return [(str(old.action), new.since - old.since) for old, new in timed]

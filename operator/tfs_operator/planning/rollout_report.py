"""What one pass adds to the history of each model: the memory for the status, what happened, how long steps took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tfs_operator.api.status import RolloutStatus
from tfs_operator.domain import rollout_status
from tfs_operator.domain.history import Announced, Inputs, RolloutEvent, rollout_events
from tfs_operator.domain.model_status import agreed_labels
from tfs_operator.domain.rollout import Memory, Step
from tfs_operator.planning.observed import Observed


@dataclass(frozen=True)
class RolloutReport:
    """The report of one model. `ended` are the steps that ended in this pass, with their seconds; `taken` are all of
    the pass, beginning with the one before it."""

    rollout: RolloutStatus
    events: Sequence[RolloutEvent]
    ended: Sequence[tuple[str, float]]
    taken: Sequence[Memory]


def rollout_reports(
    status: Mapping[str, Any],
    observed: Observed,
    steps: Mapping[str, Step],
    taken: Mapping[str, Sequence[Memory]],
    replicas: int,
) -> dict[str, RolloutReport]:
    """Returns one report a model; `status` is the one before this pass, `steps` are those at its end."""
    before = rollout_status.rollouts(status)
    return {
        name: _report(name, before.get(name), observed, step, taken[name], replicas) for name, step in steps.items()
    }


def _report(
    name: str, before: RolloutStatus | None, observed: Observed, step: Step, taken: Sequence[Memory], replicas: int
) -> RolloutReport:
    pods = observed.answers(name)
    inputs = Inputs(
        announced=rollout_status.reported(before) if before else Announced(),
        before=rollout_status.memory(before) if before else Memory(),
        step=step,
        pods=pods,
        replicas=replicas,
        now=observed.now,
    )
    events, announced = rollout_events(inputs, agreed_labels(pods))
    return RolloutReport(rollout_status.rollout_status(step, announced), events, _ended(taken), taken)


def _ended(taken: Sequence[Memory]) -> list[tuple[str, float]]:
    """Done has no duration."""
    timed = [pair for pair in pairwise(taken) if pair[0].action is not None and pair[0].action.traits.timed]
    return [(str(old.action), new.since - old.since) for old, new in timed]

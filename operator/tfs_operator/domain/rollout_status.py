"""Converts a rollout's memory to a part of the status, and back. What cannot be read is dropped: it costs time only."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from pydantic import ValidationError

from tfs_operator.api.status import (
    AwaitedVersion,
    FailedVersion,
    LoadingPod,
    Reported,
    RolloutStatus,
    StepName,
    VersionTrial,
)
from tfs_operator.domain.history import MAX_ANNOUNCED, MAX_FAILURES, Announced
from tfs_operator.domain.rollout import Action, Cause, Failure, LoadOrder, Memory, Step, Trial
from tfs_operator.domain.times import epoch, rfc3339

_MESSAGE_LIMIT = 2000
_MAX_VERSIONS = 64


def rollouts(status: Mapping[str, Any]) -> dict[str, RolloutStatus]:
    """Returns what a TFModel's status remembers, by model."""
    found = {model.get("name", ""): _rollout(model.get("rollout")) for model in status.get("models") or []}
    return {name: rollout for name, rollout in found.items() if rollout is not None}


def _rollout(item: object) -> RolloutStatus | None:
    try:
        return RolloutStatus.model_validate(item, by_alias=True, by_name=False)
    except ValidationError:
        return None


def memory(rollout: RolloutStatus) -> Memory:
    return Memory(
        spec_hash=rollout.spec_hash,
        action=Action(rollout.step),
        since=epoch(rollout.since),
        failures=tuple(
            Failure(
                version=f.version,
                message=f.message,
                at=epoch(f.at),
                attempts=f.attempts,
                cause=Cause(f.cause),
                content=f.content,
                replaced_at=epoch(f.replaced_at) if f.replaced_at else None,
            )
            for f in rollout.failures
        ),
        waiting=tuple((awaited.version, epoch(awaited.since)) for awaited in rollout.awaited),
        proven=rollout.proven,
        began=epoch(rollout.began),
        follows=rollout.follows,
        trial=_trial(rollout.trial),
        orders=tuple(LoadOrder(order.version, order.pod, order.restarts) for order in rollout.loading),
        approved=frozenset(rollout.approved),
    )


def _trial(kept: VersionTrial | None) -> Trial | None:
    if kept is None:
        return None
    available_at = epoch(kept.available_at) if kept.available_at else None
    return Trial(kept.version, kept.pod, epoch(kept.since), available_at)


def resumed(kept: Memory, now: float) -> Memory:
    """Returns the memory after a pause of the operator: what is being loaded has its whole timeout again."""
    since = now if kept.action is not None and kept.action.traits.loading else kept.since
    return replace(kept, since=since, waiting=tuple((version, now) for version, _ in kept.waiting))


def reported(rollout: RolloutStatus) -> Announced:
    kept = rollout.reported
    return Announced(dict(kept.labels), frozenset(kept.versions), frozenset(kept.missing))


def rollout_status(step: Step, announced: Announced) -> RolloutStatus:
    """Returns the part of the status; of very many versions it holds the newest."""
    kept = step.memory
    return RolloutStatus(
        step=cast(StepName, step.action.value),  # pydantic checks it
        message=step.message[:_MESSAGE_LIMIT],
        since=rfc3339(kept.since),
        began=rfc3339(kept.began),
        spec_hash=kept.spec_hash,
        proven=kept.proven,
        follows=kept.follows,
        failures=[_failed(failure) for failure in kept.failures[-MAX_FAILURES:]],
        trial=_trial_status(kept.trial),
        loading=[LoadingPod(version=o.version, pod=o.pod, restarts=o.restarts) for o in kept.orders[:_MAX_VERSIONS]],
        approved=sorted(kept.approved)[-MAX_ANNOUNCED:],
        awaited=[AwaitedVersion(version=v, since=rfc3339(since)) for v, since in kept.waiting[-_MAX_VERSIONS:]],
        reported=Reported(
            labels=dict(sorted(announced.labels.items())),
            versions=sorted(announced.versions)[-MAX_ANNOUNCED:],
            missing=sorted(announced.missing)[-MAX_FAILURES:],
        ),
    )


def _trial_status(trial: Trial | None) -> VersionTrial | None:
    if trial is None:
        return None
    available_at = rfc3339(trial.available_at) if trial.available_at is not None else None
    return VersionTrial(version=trial.version, pod=trial.pod, since=rfc3339(trial.since), available_at=available_at)


def _failed(failure: Failure) -> FailedVersion:
    return FailedVersion(
        version=failure.version,
        message=failure.message[:_MESSAGE_LIMIT],
        at=rfc3339(failure.at),
        attempts=failure.attempts,
        content=failure.content,
        replaced_at=rfc3339(failure.replaced_at) if failure.replaced_at is not None else None,
        cause=failure.cause.value,
    )

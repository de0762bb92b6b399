"""Computes the condition MemoryBounded: a chain of named checks, of which the first that returns a verdict decides."""

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.evidence import Verdict
from tfs_operator.domain.recycle import RecycleFacts, due, in_vain


def memory_bounded(facts: RecycleFacts, now: float) -> Verdict:
    """Returns the verdict for a TFModel with `server.recycle`. Its words hold no figure that changes by itself while no
    bound is reached: each change of a condition is a write."""
    return (
        _memory_cannot_be_read(facts)
        or _pods_are_replaced(facts, now)
        or _limit_is_too_low(facts, now)
        or _no_reading_yet(facts)
        or Verdict("True", Reason.WITHIN_BOUNDS, f"no model server has reached {_bounds(facts)}")
    )


def _memory_cannot_be_read(facts: RecycleFacts) -> Verdict | None:
    if facts.bound.memory_percent is None or not facts.unreadable:
        return None
    besides = "" if facts.bound.swaps is None else "; swaps are counted all the same"
    return Verdict("False", Reason.METRICS_UNAVAILABLE, f"server.recycle.memoryPercent: {facts.unreadable}{besides}")


def _pods_are_replaced(facts: RecycleFacts, now: float) -> Verdict | None:
    turn = due(facts, now)
    if turn is None:
        return None
    when = "the pods are replaced one by one" if facts.resting else "the pods are replaced once the rollout has ended"
    return Verdict("True", Reason.RECYCLING, f"{turn.words}: {when}")


def _limit_is_too_low(facts: RecycleFacts, now: float) -> Verdict | None:
    words = in_vain(facts, now)
    if words is None:
        return None
    remedy = "raise server.resources.limits.memory or memoryPercent; the pods are replaced once an hour at most"
    return Verdict("False", Reason.MEMORY_TOO_SMALL, f"{words}: {remedy}")


def _no_reading_yet(facts: RecycleFacts) -> Verdict | None:
    missing = [load.pod for load in facts.loads if load.memory is None]
    if facts.bound.memory_percent is None or not missing:
        return None
    words = f"the metrics API has no reading of pod {min(missing)} yet"
    return Verdict("Unknown", Reason.METRICS_PENDING, words)


def _bounds(facts: RecycleFacts) -> str:
    percent, swaps = facts.bound.memory_percent, facts.bound.swaps
    memory = [f"{percent}% of its memory limit"] if percent is not None else []
    return " or ".join([*memory, *([f"{swaps} unloaded versions"] if swaps is not None else [])])

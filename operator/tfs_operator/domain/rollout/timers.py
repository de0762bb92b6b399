"""Computes when time alone may change the next step."""

import math

from tfs_operator.domain.rollout.facts import Limits, Step


def next_change(step: Step, limits: Limits, now: float) -> float | None:
    """Returns the seconds until then; None when only the pods, the spec or the ConfigMap can change anything."""
    memory = step.memory
    times = [at(limits) for failure in memory.failures for at in (failure.drop_at, failure.retry_at)]
    times += [failure.counts_again_at(limits) for failure in memory.failures]
    if step.action.traits.timer is not None:
        times.append(step.action.traits.timer(memory, limits))
    later = [time - now for time in times if now < time < math.inf]
    return min(later) if later else None

"""When time alone may change the next step."""

from tfs_operator.domain.rollout.facts import Action, Limits, Step


def next_change(step: Step, limits: Limits, now: float) -> float | None:
    """Seconds until then; None when only the pods, the spec or the ConfigMap can change anything."""
    memory = step.memory
    times = [at(limits) for failure in memory.failures for at in (failure.drop_at, failure.retry_at)]
    times += [failure.counts_again_at(limits) for failure in memory.failures]
    if step.action is Action.BAKE:
        times.append(memory.since + limits.bake)
    if step.action is Action.WITHDRAW:
        times.append(memory.began + limits.bake)
    if step.action is Action.LOAD:
        times.append(memory.since + limits.absent)
    later = [time - now for time in times if time > now]
    return min(later) if later else None

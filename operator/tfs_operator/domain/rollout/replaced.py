"""Tries a version again whose files were replaced after it had been given up."""

from collections.abc import Sequence
from dataclasses import replace

from tfs_operator.domain.rollout.facts import Failure, Memory, Pod


def with_replaced(memory: Memory, pods: Sequence[Pod], now: float) -> Memory:
    """Returns the memory in which the back-off is over of each version that has other content by now on every pod that
    holds it. `now` in seconds since the epoch."""
    return replace(memory, failures=tuple(_renewed(failure, pods, now) for failure in memory.failures))


def with_contents(memory: Memory, pods: Sequence[Pod]) -> Memory:
    """Returns the memory in which each failure has the content that failed, once all pods that hold it agree."""
    return replace(memory, failures=tuple(_noted(failure, pods) for failure in memory.failures))


def _renewed(failure: Failure, pods: Sequence[Pod], now: float) -> Failure:
    found = _contents(failure, pods)
    if not failure.content or not found or failure.content in found:
        return failure
    return replace(failure, content="", replaced_at=now)


def _noted(failure: Failure, pods: Sequence[Pod]) -> Failure:
    found = _contents(failure, pods)
    if failure.content or failure.replaced_at is not None or len(found) != 1:
        return failure
    return replace(failure, content=next(iter(found)))


def _contents(failure: Failure, pods: Sequence[Pod]) -> set[str]:
    return {pod.contents[failure.version] for pod in pods if failure.version in pod.contents}

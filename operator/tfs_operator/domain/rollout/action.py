"""The steps of a rollout, each with its traits: all that the rest of the operator has to know of a step.

A new step is one member here and one policy in `policies/`; docs/design/rollout.md has the recipe.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:  # a Memory holds an Action
    from tfs_operator.domain.rollout.facts import Limits, Memory

Timer = Callable[["Memory", "Limits"], float]
"""When time alone may change the step, in seconds since the epoch."""


def _folder_is_overdue(memory: Memory, limits: Limits) -> float:
    return memory.since + limits.absent


def _trial_is_over(memory: Memory, limits: Limits) -> float:
    available_at = memory.trial.available_at if memory.trial else None
    return _folder_is_overdue(memory, limits) if available_at is None else available_at + limits.trial


def _answer_is_overdue(memory: Memory, limits: Limits) -> float:
    return memory.since + limits.answer


def _step_has_baked(memory: Memory, limits: Limits) -> float:
    return memory.since + limits.bake


def _spec_has_baked(memory: Memory, limits: Limits) -> float:
    return memory.began + limits.bake


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What a step means outside its policy. The defaults are those of a step that waits for something else."""

    timed: bool = True
    """The step has a duration, which is measured and shown; False where nothing is left to do."""

    has_ready_pods: bool = True
    """False: no pod is ready to be queried, so the time it takes is the pods', not the rollout's."""

    serving: bool = False
    """All that the spec asks for is served; at most versions that it no longer names are left."""

    fetching: bool = False
    """The step waits for a store."""

    loading: bool = False
    """The step has `loadTimeoutSeconds`; the time starts anew after a pause of the operator."""

    moving: bool = False
    """Pods follow within seconds, so they are queried often for a while."""

    fast: bool = False
    """Pods are queried often for as long as the step lasts."""

    timer: Timer | None = None
    """None: only the pods, the spec or the ConfigMap can change the step."""


_WAITING = Traits()


class Action(StrEnum):
    """The step that a model's rollout is at; `RolloutStatus.step` of the API describes each for users."""

    traits: Traits

    def __new__(cls, value: str, traits: Traits = _WAITING) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.traits = traits
        return member

    FETCH = "Fetch", Traits(fetching=True, loading=True)
    TRY = "Try", Traits(loading=True, fast=True, timer=_trial_is_over)
    LOAD = "Load", Traits(loading=True, fast=True, timer=_folder_is_overdue)
    COMPARE = "Compare", Traits(fast=True, timer=_answer_is_overdue)
    COMMIT = "Commit", Traits(moving=True)
    LABEL = "Label", Traits(moving=True)
    BAKE = "Bake", Traits(serving=True, timer=_step_has_baked)
    RETIRE = "Retire", Traits(serving=True, moving=True)
    WITHDRAW = "Withdraw", Traits(timer=_spec_has_baked)
    WAIT = "Wait", Traits(has_ready_pods=False)
    DONE = "Done", Traits(timed=False, serving=True)

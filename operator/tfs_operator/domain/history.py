"""Computes the events of a TFModel: together they read as the history of its rollouts.

An event is a difference between what is observed and what the status says was announced, so none is repeated, or
lost with the operator's process.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tfs_operator.domain.observation import AVAILABLE, ModelObservation
from tfs_operator.domain.rollout import Memory, Step

_PRESENT = (AVAILABLE, "START", "LOADING")


MAX_ANNOUNCED = 256
MAX_FAILURES = 64


class What(StrEnum):
    """Reasons of events."""

    LABEL_MOVED = "LabelMoved"
    LABEL_REMOVED = "LabelRemoved"
    VERSION_AVAILABLE = "VersionAvailable"
    VERSION_RETIRED = "VersionRetired"
    VERSION_FAILED = "VersionFailed"
    VERSION_NOT_FOUND = "VersionNotFound"
    EXTRA_POD_MISSING = "ExtraPodMissing"


@dataclass(frozen=True)
class Announced:
    """Labels and AVAILABLE versions, on every ready pod, and versions without a folder, that events have announced."""

    labels: Mapping[str, int] = field(default_factory=dict)
    versions: frozenset[int] = frozenset()
    missing: frozenset[int] = frozenset()


@dataclass(frozen=True)
class RolloutEvent:
    """One line of the history."""

    what: What
    note: str

    @property
    def is_bad(self) -> bool:
        return self.what in (What.VERSION_FAILED, What.VERSION_NOT_FOUND, What.EXTRA_POD_MISSING)


@dataclass(frozen=True)
class Inputs:
    """One model: what was announced, the memory before this pass, the step it has reached, and the answers of its pods,
    of `replicas` that there should be."""

    announced: Announced
    before: Memory
    step: Step
    pods: Sequence[ModelObservation]
    replicas: int
    now: float

    @property
    def count(self) -> str:
        return f"{len(self.pods)}/{max(self.replicas, len(self.pods))} pods"

    @property
    def begins(self) -> bool:
        """The first pods are coming up, and the first lines wait for all of them."""
        return not self.announced.versions and len(self.pods) < self.replicas

    @property
    def available(self) -> frozenset[int]:
        """On every pod; of very many the newest, as the status remembers no more."""
        everywhere = frozenset.intersection(*(pod.available for pod in self.pods))
        return frozenset(sorted(everywhere)[-MAX_ANNOUNCED:])

    @property
    def gone(self) -> frozenset[int]:
        """Announced versions that no pod has any more, or loads again after a restart."""
        return self.announced.versions - {
            status.version for pod in self.pods for status in pod.versions if status.state in _PRESENT
        }


def rollout_events(inputs: Inputs, labels: Mapping[str, int]) -> tuple[list[RolloutEvent], Announced]:
    """Returns the new events, and what is announced with them. `labels` are those on which all pods agree."""
    failed = list(_failures(inputs))
    missing = frozenset(sorted(inputs.step.absent)[-MAX_FAILURES:])
    if not inputs.pods or inputs.begins:
        return failed, replace(inputs.announced, missing=missing)
    versions = (inputs.announced.versions - inputs.gone) | inputs.available
    announced = Announced(_labels_now(inputs, labels), versions, missing)
    return [*_loaded(inputs), *_labelled(inputs, announced.labels), *failed, *_retired(inputs)], announced


def _labels_now(inputs: Inputs, labels: Mapping[str, int]) -> dict[str, int]:
    """Keeps a label on which pods disagree as it was announced, until the goal has none and no pod answers it."""
    alive = {label for pod in inputs.pods for label in pod.labels} | inputs.step.goal.config.labels.keys()
    return {**{label: v for label, v in inputs.announced.labels.items() if label in alive}, **labels}


def _loaded(inputs: Inputs) -> Iterator[RolloutEvent]:
    starts = dict(inputs.before.waiting)
    for version in sorted(inputs.available - inputs.announced.versions):
        start = starts.get(version, inputs.step.memory.began)
        note = f"version {version} AVAILABLE on {inputs.count}{_in(inputs.now - start)}"
        yield RolloutEvent(What.VERSION_AVAILABLE, note)


def _labelled(inputs: Inputs, labels: Mapping[str, int]) -> Iterator[RolloutEvent]:
    for label in sorted(labels.keys() | inputs.announced.labels.keys()):
        old, new = inputs.announced.labels.get(label), labels.get(label)
        if new is None:
            yield RolloutEvent(What.LABEL_REMOVED, f"{label} no longer answers (was {old})")
        elif old != new:
            came = f"{label} {old} → {new}" if old is not None else f"{label} → {new}"
            yield RolloutEvent(
                What.LABEL_MOVED, f"{came} on {inputs.count}{_in(inputs.now - inputs.step.memory.began)}"
            )


def _retired(inputs: Inputs) -> Iterator[RolloutEvent]:
    for version in sorted(inputs.gone):
        yield RolloutEvent(What.VERSION_RETIRED, f"version {version} unloaded from {inputs.count}")


def _failures(inputs: Inputs) -> Iterator[RolloutEvent]:
    """A failure has the time at which it was counted: tried again and failed again, it is another one."""
    known = {(failure.version, failure.at) for failure in inputs.before.failures}
    for failure in inputs.step.memory.failures[-MAX_FAILURES:]:
        if (failure.version, failure.at) not in known:
            yield RolloutEvent(What.VERSION_FAILED, f"{failure.message}; {_goes_on(inputs)}")
    for version, words in sorted(inputs.step.absent.items())[-MAX_FAILURES:]:
        if version not in inputs.announced.missing:
            yield RolloutEvent(What.VERSION_NOT_FOUND, words)
    trial, before = inputs.step.trial, inputs.before.trial
    if trial and inputs.step.without_extra and (before is None or trial.since != before.since):
        note = f"version {trial.version} is tried on pod {trial.pod}, which clients use: {inputs.step.without_extra}"
        yield RolloutEvent(What.EXTRA_POD_MISSING, note)


def _goes_on(inputs: Inputs) -> str:
    labels = ", ".join(f"{label} → {version}" for label, version in sorted(inputs.step.goal.config.labels.items()))
    return f"labels stay: {labels}" if labels else "what was served goes on"


def _in(seconds: float) -> str:
    """Nothing for what has been so for long: then it only came back."""
    if not 0 <= seconds < 3600:
        return ""
    return f" in {seconds:.2f} s" if seconds < 1 else f" in {seconds:.1f} s"

"""Composes what a version is asked on a pod, from the spec and from what the pods answer now."""

from collections.abc import Iterable

from tfs_operator.api.verify import Verify
from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.observation import ModelObservation
from tfs_operator.domain.verification import Question


def question(verify: Verify, against: frozenset[int]) -> Question:
    """Returns the question that the spec asks of a version that would be labelled over the versions `against`."""
    return Question(against=against, made_up=verify.made_up, any_signatures=verify.allow_signature_change)


def superseded(
    version: int, aspired: ModelConfig, committed: ModelConfig | None, seen: Iterable[ModelObservation]
) -> frozenset[int]:
    """Returns the lower versions whose clients are to be answered by `version`: those that its labels answer now;
    without labels the newest one before it. `seen` has the model on each pod that answers.

    Back to a lower version is a rollback: its clients have used it before.
    """
    answers = list(seen)
    if aspired.labels:
        moving = [label for label, to in aspired.labels.items() if to == version]
        now = {observed.labels.get(label, version) for observed in answers for label in moving}
    elif committed is not None and _names(committed, version):
        return frozenset()
    else:
        available = frozenset().union(*(observed.available for observed in answers))
        now = {max((other for other in available if other < version), default=version)}
    return frozenset(other for other in now if other < version)


def _names(config: ModelConfig, version: int) -> bool:
    return isinstance(config.policy, Specific) and version in config.policy.versions

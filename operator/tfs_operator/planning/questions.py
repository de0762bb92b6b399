"""Composes what a version is asked on a pod, from the spec and from what the pods answer now."""

from collections.abc import Iterable
from dataclasses import dataclass

from tfs_operator.api.spec import TFModelSpec
from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.observation import ModelObservation
from tfs_operator.domain.verification import BadRequests, Question, Stored, UserRequest, read_requests


@dataclass(frozen=True)
class OwnRequests:
    """The requests of rollout.verify to one model; or the `problem` that there is with them."""

    requests: tuple[UserRequest, ...] = ()
    problem: str = ""


def own_requests(spec: TFModelSpec, stored: Stored | None, model: str) -> OwnRequests:
    """Returns the requests to an aspired model. `stored` is the ConfigMap with some of them, if the spec names one."""
    names = [each.name for each in spec.models or ()]
    try:
        return OwnRequests(read_requests(spec.rollout.verify, stored, model, names))
    except BadRequests as error:
        return OwnRequests(problem=str(error))


def question(spec: TFModelSpec, own: OwnRequests, against: frozenset[int]) -> Question:
    """Returns the question that the spec asks of a version that would be labelled over the versions `against`."""
    verify = spec.rollout.verify
    return Question(against, verify.made_up, verify.allow_signature_change, own.requests)


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
    elif committed is not None and names(committed, version):
        return frozenset()
    else:
        available = frozenset().union(*(observed.available for observed in answers))
        now = {max((other for other in available if other < version), default=version)}
    return frozenset(other for other in now if other < version)


def names(config: ModelConfig, version: int) -> bool:
    """Tells whether the configuration serves the version by its number."""
    return isinstance(config.policy, Specific) and version in config.policy.versions

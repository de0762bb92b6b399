"""Computes the status of each model: every version and label, over all ready pods."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from tfs_operator.api.status import MAX_LISTED_VERSIONS, MAX_SUMMARY_LENGTH, ModelStatus, Verified
from tfs_operator.api.status import VersionStatus as VersionRow
from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.observation import AVAILABLE, END, STATE_ORDER, ModelObservation, PodObservation
from tfs_operator.domain.verification import Outcome

_MESSAGE_LIMIT = 2000


KnownVerified = Mapping[tuple[str, int], Verified]
"""By model and version, what a status says of its verification."""


def model_statuses(
    aspired: ModelServerConfig, pods: Sequence[PodObservation], before: KnownVerified | None = None
) -> list[ModelStatus]:
    """Returns one entry a model, in the order of the spec, over the pods that answered. `before` is what the status
    says so far: a version is asked once, and an operator that has just started does not know the answer."""
    heard = answering(pods)
    return [_model_status(model, heard, before or {}) for model in aspired.models]


def verified_before(status: Mapping[str, Any]) -> dict[tuple[str, int], Verified]:
    """Returns what a TFModel's status says of the verification of versions; what cannot be read is left out."""
    rows = ((model, row) for model in status.get("models") or [] for row in model.get("versions") or [])
    found = {(model.get("name"), row.get("version")): _read_verified(row.get("verified")) for model, row in rows}
    return {key: verified for key, verified in found.items() if verified is not None}


def _read_verified(item: object) -> Verified | None:
    try:
        return Verified.model_validate(item, by_alias=True, by_name=False)
    except ValidationError:
        return None


def answering(pods: Sequence[PodObservation]) -> list[PodObservation]:
    """Returns the ready pods that answered."""
    return [pod for pod in pods if pod.ready and pod.problem is None]


def states(model: ModelConfig, pods: Sequence[PodObservation]) -> dict[int, list[str]]:
    """Returns, by version, its state on each of the pods, for the versions that the status lists."""
    listed = _listed(model, [pod.named(model.name) for pod in pods])
    return {version: _states(version, model.name, pods) for version in listed}


def _states(version: int, name: str, pods: Sequence[PodObservation]) -> list[str]:
    found = [pod.named(name).version(version) for pod in pods]
    return [status.state if status else "UNKNOWN" for status in found]


def _model_status(model: ModelConfig, pods: Sequence[PodObservation], before: KnownVerified) -> ModelStatus:
    observations = [pod.named(model.name) for pod in pods]
    labels = agreed_labels(observations)
    rows = [_row(version, model.name, pods, labels, before) for version in _listed(model, observations)]
    return ModelStatus(name=model.name, labels=labels, versions=rows)


def agreed_labels(observations: Sequence[ModelObservation]) -> dict[str, int]:
    """Returns the labels on which all pods agree, with their versions."""
    if not observations:
        return {}
    first, *others = observations
    return {
        label: version
        for label, version in sorted(first.labels.items())
        if all(other.labels.get(label) == version for other in others)
    }


def _listed(model: ModelConfig, observations: Iterable[ModelObservation]) -> list[int]:
    """Returns the versions that the spec names, and those that are loaded or failed, not those that ended well."""
    aspired = model.policy.versions if isinstance(model.policy, Specific) else ()
    seen = {
        status.version
        for observation in observations
        for status in observation.versions
        if status.state != END or status.failed
    }
    return sorted(seen | set(aspired) | set(model.labels.values()))[-MAX_LISTED_VERSIONS:]


def _row(
    version: int, name: str, pods: Sequence[PodObservation], labels: dict[str, int], before: KnownVerified
) -> VersionRow:
    found = _states(version, name, pods) or ["UNKNOWN"]
    return VersionRow.model_validate(
        {
            "version": version,
            "state": min(found, key=_progress),
            "availableReplicas": found.count(AVAILABLE),
            "labels": [label for label, answer in labels.items() if answer == version],
            "message": _first_message(version, name, pods),
            "verified": _verified(version, name, pods) or (before.get((name, version)) if AVAILABLE in found else None),
        }
    )


_MOST_TELLING = (Outcome.BAD, Outcome.GOOD, Outcome.UNPROVEN)


def _verified(version: int, name: str, pods: Sequence[PodObservation]) -> Verified | None:
    answers = [answers[version].probed for pod in pods if version in (answers := pod.probed.get(name, {}))]
    if not answers:
        return None
    told = min(answers, key=lambda probed: _MOST_TELLING.index(probed.outcome))
    return Verified.model_validate({"outcome": told.outcome.value, "message": told.words[:_MESSAGE_LIMIT]})


def _progress(state: str) -> int:
    return STATE_ORDER.index(state) if state in STATE_ORDER else 0


def _first_message(version: int, name: str, pods: Sequence[PodObservation]) -> str:
    for pod in pods:
        status = pod.named(name).version(version)
        if status is not None and status.failed:
            return f"{status.error_code}: {status.error_message} (pod {pod.name})"[:_MESSAGE_LIMIT]
    return ""


def available_versions(models: Sequence[ModelStatus]) -> str:
    """`1,2` for one model, `cats:1 dogs:1,2` for several: versions that every answering pod serves."""
    lists = {
        model.name: ",".join(str(row.version) for row in model.versions if row.state == AVAILABLE) for model in models
    }
    if len(lists) == 1:
        return next(iter(lists.values()))[:MAX_SUMMARY_LENGTH]
    return " ".join(f"{name}:{versions}" for name, versions in lists.items() if versions)[:MAX_SUMMARY_LENGTH]

"""Whether a model server serves what is committed, as far as it can. Pure.

A label that does not answer its committed version is waited for, as long as something can still bring it there. One
that nothing brings there is not: it must not keep the others from being served.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tfs_operator.domain.fetch_protocol import ExpectedModel, FetchState, ModelReport
from tfs_operator.domain.observation import AVAILABLE, END, VersionStatus

_LOADING = ("START", "LOADING")


@dataclass(frozen=True)
class ModelAnswer:
    """What a server answers for one model: the status of each version that it knows of, by number, and the version
    that answers each label that was asked for; an unanswered label is absent."""

    versions: Mapping[int, VersionStatus] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Lag:
    """Why a server is not in step, for users. `moving`: the version is being fetched or loaded."""

    words: str
    moving: bool


def serves_anything(answers: Mapping[str, ModelAnswer]) -> bool:
    """Tells whether some version of some model is AVAILABLE."""
    statuses = (status for answer in answers.values() for status in answer.versions.values())
    return any(status.state == AVAILABLE for status in statuses)


def lag(
    expected: Iterable[ExpectedModel],
    answers: Mapping[str, ModelAnswer],
    reports: Mapping[str, ModelReport],
    *,
    alone: bool,
) -> Lag | None:
    """Returns the first label that the server does not answer as committed, and that it may still come to; None where
    there is none. `reports` has what is in place, of the models that the agent sees. `alone`: no other pod serves, so
    that a label which is not answered yet must not hold up the others."""
    for model in expected:
        answer, report = answers.get(model.name, ModelAnswer()), reports.get(model.name)
        for label, version in sorted(model.labels.items()):
            now = answer.labels.get(label)
            if now == version or (alone and now is None) or _is_hopeless(version, answer, report):
                continue
            return Lag(_words(model.name, label, now, version, answer), _is_moving(version, answer, report))
    return None


def _words(model: str, label: str, now: int | None, version: int, answer: ModelAnswer) -> str:
    status = answer.versions.get(version)
    state = status.state if status is not None else "not loaded yet"
    answered = f"version {now}" if now is not None else "nothing"
    return f"model {model}: label {label} answers {answered}; version {version}, which is committed, is {state}"


def _is_hopeless(version: int, answer: ModelAnswer, report: ModelReport | None) -> bool:
    """Whether the server has given it up, or there is nothing to load it from."""
    status = answer.versions.get(version)
    if status is not None and (status.state == AVAILABLE or status.state in _LOADING):
        return False
    gave_up = status is not None and status.state == END and status.failed
    return gave_up or _is_out_of_reach(version, report)


def _is_out_of_reach(version: int, report: ModelReport | None) -> bool:
    found = report.version(version) if report else None
    if report is None or found is None or found.state in (FetchState.FETCHED, FetchState.FETCHING):
        return False
    return (found.problem or report.problem) is not None


def _is_moving(version: int, answer: ModelAnswer, report: ModelReport | None) -> bool:
    status = answer.versions.get(version)
    found = report.version(version) if report else None
    fetching = found is not None and found.state in (FetchState.FETCHING, FetchState.WAITING)
    return fetching or (status is not None and status.state in _LOADING)

"""Writes the report on the versions of one model. Pure."""

from collections.abc import Set

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import (
    MOST_LISTED,
    MOST_REPORTED,
    FetchProblem,
    FetchState,
    ModelReport,
    VersionReport,
)
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.formatting import in_numbers
from tfs_operator.fetcher.sync.attempts import Attempt, Attempts
from tfs_operator.fetcher.sync.view import BasePathView


def model_report(
    uri: str, view: BasePathView, attempts: Attempts, problem: FetchError | None, listed: Set[int] | None = None
) -> ModelReport:
    """Returns the report. `view` has the orders of one model only; `problem` is the listing's; `listed` has what is
    whole in the store, None while that is not known."""
    newest = sorted(view.aspired() | view.present.keys())[-MOST_REPORTED:]
    numbers = sorted({*newest, *view.named()})[-4 * MOST_REPORTED :]
    versions = tuple(_version(uri, view, number, attempts.get(number), problem) for number in numbers)
    whole = None if listed is None else tuple(sorted(listed)[-MOST_LISTED:])
    return ModelReport(uri=uri, versions=versions, problem=_said(problem), listed=whole)


def _version(
    uri: str, view: BasePathView, number: int, attempt: Attempt | None, listing: FetchError | None
) -> VersionReport:
    if attempt and attempt.progress:
        return _fetching(number, attempt)
    if number in view.fetched:
        return _fetched(uri, view, number, attempt)
    total = view.listed[number].size if view.listed and number in view.listed else 0
    if attempt and attempt.problem:
        return VersionReport(version=number, state=FetchState.FAILED, total_bytes=total, problem=_said(attempt.problem))
    problem = _said(listing) or _absent(uri, view, number)
    return VersionReport(version=number, state=FetchState.WAITING, total_bytes=total, problem=problem)


def _fetching(number: int, attempt: Attempt) -> VersionReport:
    progress = attempt.progress
    assert progress is not None
    return VersionReport(
        version=number,
        state=FetchState.FETCHING,
        bytes=progress.arrived,
        total_bytes=progress.total,
        bytes_per_second=progress.rate,
        problem=_said(attempt.problem),
    )


def _fetched(uri: str, view: BasePathView, number: int, attempt: Attempt | None) -> VersionReport:
    record = view.present[number]
    size = record.size if record else 0
    problem = _said(attempt.problem) if attempt else None
    if number in view.changed() and number not in view.unfit():
        problem = problem or _changed(uri, number)
    content = record.content if record else ""
    return VersionReport(
        version=number, state=FetchState.FETCHED, bytes=size, total_bytes=size, problem=problem, content=content
    )


def _changed(uri: str, number: int) -> FetchProblem:
    cause = "changed in the store after it was fetched, and what was fetched stays"
    message = f"{uri}: version {number} {cause}: publish the change under a new number"
    return FetchProblem(reason=Reason.VERSION_CHANGED, message=message)


def _absent(uri: str, view: BasePathView, number: int) -> FetchProblem | None:
    """An answer without the version; None while the store has not answered, or has it."""
    if view.listed is None or number in view.listed:
        return None
    has = f"has {in_numbers(view.listed.keys())}" if view.listed else "has no version at all"
    message = f"{uri}: has no version {number}; it {has}. It is fetched once it is published"
    return FetchProblem(reason=Reason.VERSION_NOT_FOUND, message=message)


def _said(error: FetchError | None) -> FetchProblem | None:
    return FetchProblem(reason=error.reason, message=error.message) if error else None

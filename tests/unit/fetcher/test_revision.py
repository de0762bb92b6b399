"""What counts as a change of a report."""

import asyncio

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchProblem, FetchReport, FetchState, ModelReport, VersionReport
from tfs_operator.fetcher.revision import Revision

GONE = FetchProblem(reason=Reason.VERSION_NOT_FOUND, message="version 2 is gone")


def report(
    state: FetchState = FetchState.FETCHING,
    arrived: int = 1,
    problem: FetchProblem | None = None,
    listed: tuple[int, ...] | None = None,
    lag: str = "",
) -> FetchReport:
    version = VersionReport(version=2, state=state, bytes=arrived, problem=problem)
    return FetchReport(models={"m": ModelReport(uri="u", versions=(version,), listed=listed)}, lag=lag)


@pytest.mark.parametrize(
    ("changed", "is_news"),
    [
        (report(), False),
        (report(arrived=2), False),
        (report(FetchState.FETCHED), True),
        (report(problem=GONE), True),
        (report(listed=(2,)), True),
        (report(lag="label stable answers version 1"), True),
        (FetchReport(), True),
    ],
)
def test_bytes_alone_are_no_news(changed: FetchReport, is_news: bool) -> None:
    revision = Revision()
    revision.note(report())
    before = revision.value
    revision.note(changed)
    assert (revision.value != before) is is_news


async def test_who_has_seen_it_waits_and_who_has_not_does_not() -> None:
    revision = Revision()
    revision.note(report())
    first = revision.value
    assert await revision.until_other("", 60) == first
    waiting = [asyncio.create_task(revision.until_other(first, 60)) for _ in range(2)]
    await asyncio.sleep(0)
    revision.note(report(arrived=5))
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    revision.note(report(FetchState.FETCHED))
    assert await asyncio.gather(*waiting) == [revision.value, revision.value]
    assert revision.value != first


async def test_a_wait_ends_without_a_change_too() -> None:
    revision = Revision()
    assert await revision.until_other(revision.value, 0) == revision.value


def test_another_process_has_other_revisions() -> None:
    assert Revision().value != Revision().value

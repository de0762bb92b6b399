"""Whatever an agent reports, it is a report of bounded size or an error for users."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from testing.fuzzing.edges import edge, fuzzed, memory_below
from testing.fuzzing.pods import CannedChanges, reported
from testing.fuzzing.readable import assert_readable
from testing.fuzzing.strategies import bodies
from tests.fuzz.reports import REPORTS
from tfs_operator.domain.fetch_protocol import FetchReport
from tfs_operator.domain.fetch_status import (
    arriving,
    contents,
    fetch_statuses,
    fetched,
    how_far,
    listed,
    nowhere,
    unfetchable,
)
from tfs_operator.domain.observation import PodObservation
from tfs_operator.serving.errors import FetcherUnreachable

STATUSES = st.sampled_from([200, 200, 200, 200, 400, 503])
MOST_MEMORY = 64 * 2**20


@given(STATUSES, bodies(REPORTS))
@fuzzed(1500)
def test_reports(status: int, body: bytes) -> None:
    with edge("agent: report", body):
        found = reported(status, body)
    if isinstance(found, FetcherUnreachable):
        assert_readable(str(found), 600)
        return
    assert_readable(found.lag, 4096)
    with edge("agent: what is made of a report", body):
        assert_usable(found)


def assert_usable(found: FetchReport) -> None:
    for report in found.models.values():
        for number, words in {**arriving(report, "p"), **unfetchable(report, "p")}.items():
            assert 0 <= number < 2**63
            assert_readable(words, 4096)
        assert all(0 <= number < 2**63 for number in (*fetched(report), *contents(report), *nowhere(report)))
        assert all(0 <= number < 2**63 for number in listed(report) or ())
    pod = PodObservation("p", ready=True, fetches=found.models)
    for status in (each for name in found.models for each in fetch_statuses(name, [pod])):
        assert_readable(how_far(status), 600)
        assert_readable(status.message, 2000)


@given(bodies(REPORTS))
@fuzzed(30)
def test_memory_for_a_report(body: bytes) -> None:
    with memory_below(MOST_MEMORY):
        reported(200, body)


@given(STATUSES, st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@fuzzed(100)
def test_revisions(status: int, body: bytes) -> None:
    try:
        found = asyncio.run(CannedChanges(status, body).revision("10.0.0.1", "a"))
    except FetcherUnreachable as error:
        assert_readable(str(error), 600)
    else:
        assert len(found) <= 256

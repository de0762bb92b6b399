"""Times as text and back, and durations that let a status rest."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.domain.times import epoch, rfc3339, since

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
FROM_1970_TO_2100 = st.floats(0, 4_102_444_800)


@given(FROM_1970_TO_2100)
def test_a_time_comes_back_to_the_millisecond(time: float) -> None:
    assert abs(epoch(rfc3339(time)) - time) <= 0.001


@given(FROM_1970_TO_2100)
def test_what_came_back_is_written_as_it_was(time: float) -> None:
    """Else a status would change by being read and written."""
    assert rfc3339(epoch(rfc3339(time))) == rfc3339(time)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (NOON, "2026-11-21T12:00:00.000Z"),
        (NOON + 0.25, "2026-11-21T12:00:00.250Z"),
        (NOON - 0.0004, "2026-11-21T11:59:59.999Z"),
        (0.0, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_it_is_written_with_milliseconds_in_utc(time: float, text: str) -> None:
    assert rfc3339(time) == text


@pytest.mark.parametrize("text", ["2026-11-21T12:00:00Z", "2026-11-21T12:00:00.000000Z", "2026-11-21T14:00:00+02:00"])
def test_any_rfc_3339_time_is_read(text: str) -> None:
    assert epoch(text) == NOON


@pytest.mark.parametrize("text", [None, "", "today", 7, "2026-13-01T00:00:00Z", "2026-11-21T25:00:00Z"])
def test_what_is_no_time_is_the_epoch(text: object) -> None:
    assert epoch(text) == 0.0


@given(st.text())
def test_no_text_raises(text: str) -> None:
    epoch(text)


@pytest.mark.parametrize(
    ("seconds", "lasting"),
    [
        (-5, ""),
        (0, ""),
        (299.9, ""),
        (300, " (over 5 min)"),
        (900, " (over 15 min)"),
        (3600, " (over 1 h)"),
        (21_600, " (over 6 h)"),
        (86_400, " (over a day)"),
        (10 * 86_400, " (over a day)"),
    ],
)
def test_for_how_long_is_said_roughly(seconds: float, lasting: str) -> None:
    assert since(NOON, NOON + seconds) == f"since 2026-11-21T12:00:00Z{lasting}"


def test_in_a_day_a_status_that_says_it_changes_five_times() -> None:
    said = {since(NOON, NOON + second) for second in range(100_000)}
    assert len(said) == 6

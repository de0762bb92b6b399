"""When an upload counts as ended."""

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchProblem
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion
from tfs_operator.fetcher.sync.settling import SETTLE_SECONDS, unsettled_seconds

NOW = 1_000_000.0
LONG = 2 * SETTLE_SECONDS


def aged(*ages: float | None) -> RemoteVersion:
    """A version whose files came so many seconds ago."""
    times = [None if age is None else NOW - age for age in ages]
    return RemoteVersion(1, "1", tuple(RemoteFile(f"f{n}", 1, modified=time) for n, time in enumerate(times)))


@pytest.mark.parametrize(
    ("version", "seen_for", "remaining"),
    [
        (aged(LONG, LONG), 0.0, 0.0),
        (aged(LONG, 1.0), 0.0, SETTLE_SECONDS - 1.0),
        (aged(LONG, 1.0), LONG, 0.0),
        (aged(LONG, 1.0), 2.0, SETTLE_SECONDS - 2.0),
        # without times, or with one in the future, only looks count
        (aged(None), 0.0, SETTLE_SECONDS),
        (aged(LONG, None), 1.0, SETTLE_SECONDS - 1.0),
        (aged(-LONG), 0.0, SETTLE_SECONDS),
        (aged(-LONG), LONG, 0.0),
        # nothing to wait for
        (aged(), 0.0, 0.0),
        (RemoteVersion(1, "1", (), FetchProblem(reason=Reason.NO_SAVED_MODEL, message="a file")), 0.0, 0.0),
    ],
)
def test_how_long_nothing_more_must_change(version: RemoteVersion, seen_for: float, remaining: float) -> None:
    assert unsettled_seconds(version, seen_for, NOW) == remaining

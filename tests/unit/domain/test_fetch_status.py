"""What fetchers report becomes words, figures and what a rollout waits for."""

from typing import Any

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.api.status import FetchStatus
from tfs_operator.domain.fetch_protocol import FetchProblem, FetchState, ModelReport, VersionReport
from tfs_operator.domain.fetch_status import (
    arriving,
    fetch_statuses,
    fetched,
    how_far,
    listed,
    nowhere,
    refreshed,
    size,
    unfetchable,
)
from tfs_operator.domain.observation import PodObservation

DENIED = FetchProblem(reason=Reason.ACCESS_DENIED, message="s3://b/m: 403 AccessDenied")
GIB = 1024**3


def report(*versions: VersionReport, problem: FetchProblem | None = None) -> ModelReport:
    return ModelReport(uri="s3://b/m", versions=versions, problem=problem)


def version(number: int, state: FetchState, done: int = 0, **more: Any) -> VersionReport:
    return VersionReport(version=number, state=state, bytes=done, **more)


def pod(name: str, seen: ModelReport) -> PodObservation:
    return PodObservation(name, ready=True, fetches={"m": seen})


THERE = version(1, FetchState.FETCHED, 10, total_bytes=10)
HALF = version(2, FetchState.FETCHING, GIB // 2, total_bytes=GIB, bytes_per_second=100 * 1024**2)
WAITING = version(2, FetchState.WAITING)
FAILED = version(2, FetchState.FAILED, problem=DENIED)


def test_what_is_there_is_not_arriving() -> None:
    assert fetched(report(THERE, HALF)) == {1}
    assert arriving(report(THERE, HALF), "a") == {2: "version 2 is being fetched from s3://b/m to pod a"}


def test_a_pod_without_a_report_holds_and_awaits_nothing_that_is_known() -> None:
    assert (fetched(None), arriving(None, "a")) == (frozenset(), {})


LACKING = [Reason.VERSION_NOT_FOUND, Reason.NO_SAVED_MODEL, Reason.INCOMPLETE_VERSION, Reason.NO_VERSIONS]


@pytest.mark.parametrize("reason", LACKING)
def test_what_the_store_does_not_have_is_not_on_its_way(reason: Reason) -> None:
    lacking = report(version(2, FetchState.FAILED, problem=FetchProblem(reason=reason, message="no")))
    assert arriving(lacking, "a") == {}
    assert unfetchable(lacking, "a") == {2: "version 2 cannot be fetched to pod a: no"}
    assert nowhere(lacking) == {2}


@pytest.mark.parametrize(("reason", "found"), [(Reason.VERSION_NOT_FOUND, {2}), (Reason.INCOMPLETE_VERSION, set())])
def test_a_server_on_a_volume_can_load_what_is_not_whole(reason: Reason, found: set[int]) -> None:
    lacking = report(version(2, FetchState.FAILED, problem=FetchProblem(reason=reason, message="no")))
    assert nowhere(lacking.model_copy(update={"local": True})) == found


def test_what_is_there_or_on_its_way_is_not_nowhere() -> None:
    assert nowhere(report(THERE, HALF, FAILED)) == nowhere(None) == frozenset()


@pytest.mark.parametrize("seen", [report(FAILED), report(WAITING, problem=DENIED)])
def test_the_cause_is_told_of_the_version_or_of_the_listing(seen: ModelReport) -> None:
    assert arriving(seen, "a") == {2: f"version 2 cannot be fetched to pod a: {DENIED.message}"}


def test_the_words_stay_the_same_while_bytes_arrive() -> None:
    later = version(2, FetchState.FETCHING, GIB, total_bytes=GIB)
    assert arriving(report(HALF), "a") == arriving(report(later), "a")


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [(HALF, WAITING, "Waiting"), (WAITING, FAILED, "Failed"), (FAILED, HALF, "Failed"), (THERE, HALF, "Fetching")],
)
def test_the_pod_that_is_the_furthest_behind_speaks(first: VersionReport, second: VersionReport, state: str) -> None:
    pods = [pod("a", report(first)), pod("b", report(second))]
    [status] = [status for status in fetch_statuses("m", pods) if status.version == 2]
    assert status.state == state
    assert status.pod == ("a" if first.state.value == state else "b")


def test_of_two_that_fetch_the_slower_speaks() -> None:
    slower = version(2, FetchState.FETCHING, 1, total_bytes=GIB)
    [status] = fetch_statuses("m", [pod("a", report(HALF)), pod("b", report(slower))])
    assert (status.pod, status.bytes) == ("b", 1)


def test_of_very_many_versions_the_newest_are_listed() -> None:
    many = [version(number, FetchState.WAITING) for number in range(100)]
    assert [status.version for status in fetch_statuses("m", [pod("a", report(*many))])] == list(range(36, 100))


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (HALF, "version 2 on pod a: 50% of 1.0 GiB, 100 MiB/s"),
        (WAITING, "version 2 on pod a: waiting"),
        (version(2, FetchState.WAITING, 5, total_bytes=10), "version 2 on pod a: 50% of 10 B"),
    ],
)
def test_how_far_it_is(seen: VersionReport, words: str) -> None:
    [status] = fetch_statuses("m", [pod("a", report(seen))])
    assert how_far(status) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (11 * GIB, "11 GiB"), (1024**5, "1024 TiB")]
)
def test_bytes_for_people(count: int, words: str) -> None:
    assert size(count) == words


class TestFigures:
    SHOWN = FetchStatus(version=2, state="Fetching", pod="a", bytes=1, total_bytes=10)
    NOW = FetchStatus(version=2, state="Fetching", pod="a", bytes=5, total_bytes=10)

    def test_wait_until_they_are_due(self) -> None:
        assert refreshed({"m": [self.SHOWN]}, {"m": [self.NOW]}, due=False) == {"m": [self.SHOWN]}
        assert refreshed({"m": [self.SHOWN]}, {"m": [self.NOW]}, due=True) == {"m": [self.NOW]}

    @pytest.mark.parametrize("change", [{"state": "Failed"}, {"pod": "b"}, {"message": "no"}, {"version": 3}])
    def test_do_not_hold_back_other_news(self, change: dict[str, Any]) -> None:
        now = {"m": [self.NOW.model_copy(update=change)]}
        assert refreshed({"m": [self.SHOWN]}, now, due=False) == now

    def test_of_what_has_arrived_go_at_once(self) -> None:
        assert refreshed({"m": [self.SHOWN]}, {"m": []}, due=False) == {"m": []}


def test_a_listing_may_be_empty_or_unknown() -> None:
    assert listed(None) is listed(report()) is None
    assert listed(ModelReport(uri="s3://b/m", listed=())) == frozenset()
    assert listed(ModelReport(uri="s3://b/m", listed=(1, 2))) == {1, 2}


def test_nothing_is_fetched_to_a_folder_on_a_volume() -> None:
    gone = FetchProblem(reason=Reason.VERSION_NOT_FOUND, message="pvc://c/m: version 2 is gone")
    absent = version(2, FetchState.WAITING, problem=gone)
    looked_for, written = version(3, FetchState.WAITING), version(4, FetchState.FETCHING)
    local = ModelReport(uri="pvc://c/m", versions=(absent, looked_for, written), local=True)
    assert unfetchable(local, "a") == {2: "version 2 on pod a: pvc://c/m: version 2 is gone"}
    assert arriving(local, "a") == {4: "version 4 is being written to pvc://c/m, seen from pod a"}

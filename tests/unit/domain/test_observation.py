"""What the pods answer, as values."""

import pytest

from tfs_operator.domain.fetch_protocol import ModelReport
from tfs_operator.domain.observation import STATE_ORDER, ModelObservation, PodObservation, Problem, VersionStatus


@pytest.mark.parametrize(("code", "failed"), [("OK", False), ("", False), ("NOT_FOUND", True), ("UNKNOWN", True)])
def test_a_version_failed_when_it_has_an_error_code(code: str, failed: bool) -> None:
    assert VersionStatus(1, "END", code).failed is failed


def test_only_available_versions_are_available() -> None:
    statuses = tuple(VersionStatus(number, state) for number, state in enumerate(STATE_ORDER))
    assert ModelObservation(statuses).available == {STATE_ORDER.index("AVAILABLE")}


def test_a_version_is_found_by_its_number() -> None:
    observation = ModelObservation((VersionStatus(1, "END"), VersionStatus(2, "AVAILABLE")))
    assert observation.version(2) == VersionStatus(2, "AVAILABLE")
    assert observation.version(3) is None


def test_a_model_that_the_pod_did_not_speak_of_has_nothing() -> None:
    assert PodObservation("p", ready=True).model("m") == ModelObservation()


def test_a_model_of_the_spec_that_the_pod_does_not_run_has_nothing() -> None:
    """It may run another one of that name, and have fetched that."""
    up, report = ModelObservation((VersionStatus(1, "AVAILABLE"),)), ModelReport(uri="s3://b/m")
    pod = PodObservation("p", ready=True, models={"m": up, "n": up}, fetches={"m": report, "n": report})
    other = pod.without(frozenset({"m"}))
    assert (other.model("m"), other.model("n")) == (ModelObservation(), up)
    assert other.named("m") == up, "clients get it all the same"
    assert other.fetches == {"n": report}
    assert pod.without(frozenset()) == pod


@pytest.mark.parametrize(
    ("pod", "answered"),
    [
        (PodObservation("p", ready=True), True),
        (PodObservation("p", ready=False), False),
        (PodObservation("p", ready=True, problem=Problem("ModelServerUnreachable", "silent")), False),
        (PodObservation("p", ready=True, stale=True), False),
    ],
)
def test_a_pod_has_answered_when_it_was_asked_and_spoke_in_time(pod: PodObservation, answered: bool) -> None:
    assert pod.answered is answered


def test_a_problem_is_one_line_that_can_be_printed() -> None:
    assert Problem("ChildRefused", "two\nlines\x1b[2J\ud83d").message == "two lines [2J"
    assert len(Problem("ChildRefused", "x" * 100_000).message) == 4096

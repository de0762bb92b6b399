"""What the pods answer, as values."""

import pytest

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

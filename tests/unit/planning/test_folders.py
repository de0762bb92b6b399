"""What a rollout is told of folders on claims, and of pods that wait for one."""

from dataclasses import replace

import pytest

from tests.unit.planning.passes import live, observed, seen, serves, subject
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchProblem, FetchState, ModelReport, VersionReport
from tfs_operator.domain.observation import PodObservation
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.rollout import Action
from tfs_operator.planning import decide
from tfs_operator.render.deployment import models_digest

GONE = FetchProblem(reason=Reason.VERSION_NOT_FOUND, message="pvc://c/cats: version 2 is gone")


def report(*there: int, local: bool = True) -> ModelReport:
    """Of versions 1 and 2."""
    versions = (
        VersionReport(version=number, state=FetchState.FETCHED)
        if number in there
        else VersionReport(version=number, state=FetchState.WAITING, problem=GONE)
        for number in (1, 2)
    )
    return ModelReport(uri="pvc://c/cats", versions=tuple(versions), local=local, listed=there)


def pod(found: ModelReport, *available: int, ready: bool = True) -> tuple[PodFacts, PodObservation]:
    facts, answer = seen("a", None, cats=serves(*available, stable=1))
    digest = models_digest(subject(live("cats")).aspired)
    answer = replace(answer, fetches={"cats": found}, ready=ready, models=answer.models if ready else {})
    return replace(facts, ready=ready, models_digest=digest), answer


def test_what_is_missing_is_told_in_the_agents_words_at_once() -> None:
    plan = decide(observed(live("cats"), pod(report(1), 1)))
    step = plan.steps["cats"]
    assert step.action is Action.FETCH
    assert step.message == "version 2 on pod a: pvc://c/cats: version 2 is gone"


def test_the_listing_is_a_part_of_the_facts() -> None:
    [known] = observed(live("cats"), pod(report(1), 1)).fleet("cats").pods
    assert known.listed == {1}
    assert known.fetched == {1}


@pytest.mark.parametrize(
    ("found", "starves"),
    [(report(1), False), (report(), True), (report(1, local=False), True), (report(1, 2), False)],
)
def test_a_server_starts_with_any_version_on_a_volume_and_with_all_of_a_store(
    found: ModelReport, starves: bool
) -> None:
    assert observed(live("cats"), pod(found, ready=False)).fleet("cats").crash_looping is starves

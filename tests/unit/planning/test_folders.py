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


@pytest.mark.parametrize(
    ("local", "action"), [(True, Action.LOAD), (False, Action.FETCH)], ids=["on a volume", "in a store"]
)
def test_what_does_not_look_whole_on_a_volume_is_being_loaded_and_looked_at_often(local: bool, action: Action) -> None:
    """The server judges it within seconds; what a store has so is not fetched."""
    cut = FetchProblem(reason=Reason.INCOMPLETE_VERSION, message="pvc://c/cats: version 2: it is cut")
    lacking = VersionReport(version=2, state=FetchState.FAILED, problem=cut)
    found = ModelReport(uri="pvc://c/cats", versions=(lacking,), local=local)
    assert decide(observed(live("cats"), pod(found, 1))).steps["cats"].action is action


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


@pytest.mark.parametrize(
    ("reason", "is_absent"),
    [(Reason.VERSION_NOT_FOUND, True), (Reason.NO_VERSIONS, True), (Reason.ACCESS_DENIED, False)],
)
def test_a_folder_that_is_missing_is_an_event_and_an_alert(reason: Reason, is_absent: bool) -> None:
    problem = FetchProblem(reason=reason, message="pvc://c/cats: no")
    lacking = VersionReport(version=2, state=FetchState.WAITING, problem=problem)
    found = ModelReport(uri="pvc://c/cats", versions=(lacking,), local=True)
    step = decide(observed(live("cats"), pod(found, 1))).steps["cats"]
    assert step.absent == ({2: "version 2 on pod a: pvc://c/cats: no"} if is_absent else {})
    assert decide(observed(live("cats"), pod(found, 1, 2))).steps["cats"].absent == {}


def test_a_folder_that_is_gone_keeps_the_other_models_of_its_server_from_loading_and_that_is_said() -> None:
    gone = FetchProblem(reason=Reason.NO_VERSIONS, message="pvc://c/dogs: there is no such folder")
    reports = {"dogs": ModelReport(uri="pvc://c/dogs", local=True, problem=gone, readable=False), "cats": report(1, 2)}
    both = live("cats", "dogs")
    facts, answer = seen("a", None, cats=serves(1, stable=1), dogs=serves(1, 2, stable=1))
    found = observed(both, (facts, replace(answer, fetches=reports)))
    loading, resting = (decide(found).steps[name] for name in ("cats", "dogs"))
    words = "the server of pod a finds no new version of any model while it cannot read that of model dogs: "
    assert loading.message.endswith(f"; {words}pvc://c/dogs: there is no such folder")
    assert words not in resting.message

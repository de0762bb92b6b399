"""ModelsFetched, and what it does to Ready and Progressing."""

from dataclasses import replace

import pytest

from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.domain.condition_checks import all_conditions
from tfs_operator.domain.deployment import DeploymentFacts
from tfs_operator.domain.evidence import Evidence
from tfs_operator.domain.fetch_protocol import FetchProblem, FetchState, ModelReport, VersionReport
from tfs_operator.domain.fetch_status import fetch_statuses
from tfs_operator.domain.model_config import Latest, ModelConfig, ModelServerConfig, Specific, VersionPolicy
from tfs_operator.domain.observation import ModelObservation, PodObservation, Problem, VersionStatus
from tfs_operator.domain.rollout import Action, Goal, Memory, Step

COMPLETE = DeploymentFacts(current=True, desired=1, replicas=1, updated=1, ready=1)
STARTING = DeploymentFacts(current=True, desired=1, replicas=1, updated=1, ready=0)
DENIED = FetchProblem(reason=Reason.ACCESS_DENIED, message="s3://b/m: version 2: 403 AccessDenied")
ONE = VersionReport(version=1, state=FetchState.FETCHED, bytes=4, total_bytes=4)
TWO = VersionReport(version=2, state=FetchState.FETCHING, bytes=1, total_bytes=4)
NAMED = Specific((1, 2))
BAD = VersionReport(version=2, state=FetchState.FAILED, problem=DENIED)


def pod(*versions: VersionReport, ready: bool = True, problem: FetchProblem | None = None) -> PodObservation:
    models = {"m": ModelObservation((VersionStatus(1, "AVAILABLE"),))} if ready else {}
    report = ModelReport(uri="s3://b/m", versions=versions, problem=problem)
    return PodObservation("a", ready=ready, models=models, fetches={"m": report})


def evidence(*pods: PodObservation, policy: VersionPolicy = NAMED, action: Action = Action.FETCH) -> Evidence:
    model = ModelConfig("m", "/m", policy)
    return Evidence(
        ModelServerConfig((model,)),
        1,
        COMPLETE if all(each.ready for each in pods) else STARTING,
        pods,
        steps={"m": Step(action, "", Goal(model), memory=Memory(action=action))},
        remote=frozenset({"m"}),
        fetching={"m": fetch_statuses("m", pods)},
    )


def judged(evidence: Evidence, kind: ConditionType = ConditionType.MODELS_FETCHED) -> tuple[str, Reason, str]:
    verdict = all_conditions(evidence)[kind]
    return verdict.status, verdict.reason, verdict.message


def test_nothing_to_fetch() -> None:
    assert judged(replace(evidence(pod()), remote=frozenset()))[:2] == ("True", Reason.NOTHING_TO_FETCH)


def test_everything_is_there() -> None:
    assert judged(evidence(pod(ONE)))[:2] == ("True", Reason.FETCHED)


def test_a_version_on_its_way_says_how_far() -> None:
    assert judged(evidence(pod(ONE, TWO))) == ("False", Reason.FETCHING, "model m: version 2 on pod a: 25% of 4 B")


def test_a_version_that_fails_says_why() -> None:
    assert judged(evidence(pod(ONE, BAD))) == ("False", Reason.ACCESS_DENIED, f"model m on pod a: {DENIED.message}")


def test_so_does_a_listing_that_fails_although_all_is_there() -> None:
    assert judged(evidence(pod(ONE, problem=DENIED)))[:2] == ("False", Reason.ACCESS_DENIED)


def test_without_replicas_nobody_fetches() -> None:
    assert judged(replace(evidence(pod(ONE)), replicas=0))[:2] == ("Unknown", Reason.SCALED_TO_ZERO)


@pytest.mark.parametrize("pods", [(), (PodObservation("a", ready=False),)])
def test_a_pod_that_has_not_started_is_waited_for(pods: tuple[PodObservation, ...]) -> None:
    assert judged(evidence(*pods))[:2] == ("Unknown", Reason.DEPLOYING)


def test_a_silent_fetcher_of_a_ready_pod_is_told() -> None:
    silent = replace(pod(), fetches={}, unreported="10.0.0.1:8502: refused")
    assert judged(evidence(silent))[:2] == ("Unknown", Reason.FETCHER_UNREACHABLE)


class TestReady:
    def test_says_what_a_starting_pod_waits_for(self) -> None:
        starting = evidence(pod(TWO, ready=False), action=Action.WAIT)
        assert judged(starting, ConditionType.READY)[:2] == ("False", Reason.FETCHING)
        assert judged(starting, ConditionType.PROGRESSING)[:2] == ("True", Reason.FETCHING)

    def test_says_why_a_starting_pod_cannot_fetch_and_that_a_person_is_needed(self) -> None:
        stuck = evidence(pod(BAD, ready=False), action=Action.WAIT)
        assert judged(stuck, ConditionType.READY) == judged(stuck)
        assert judged(stuck, ConditionType.PROGRESSING)[:2] == ("False", Reason.ACCESS_DENIED)

    def test_says_why_a_named_version_does_not_arrive(self) -> None:
        stuck = evidence(pod(ONE, BAD))
        assert judged(stuck, ConditionType.READY) == judged(stuck)
        assert judged(stuck, ConditionType.VERSIONS_AVAILABLE)[:2] == ("False", Reason.FETCHING)

    def test_stays_true_while_what_is_wanted_is_served(self) -> None:
        newer = evidence(pod(ONE, BAD), policy=Latest(1), action=Action.DONE)
        assert judged(newer, ConditionType.READY)[0] == "True"
        assert judged(newer)[0] == "False"

    def test_says_what_keeps_a_pod_from_fetching_at_all(self) -> None:
        pulling = PodObservation("a", ready=False, problem=Problem(Reason.IMAGE_NOT_PULLED, "no such image"))
        assert judged(evidence(pulling), ConditionType.READY)[:2] == ("False", Reason.IMAGE_NOT_PULLED)

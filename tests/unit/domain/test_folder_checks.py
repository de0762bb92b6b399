"""What is said of a folder that a version of the spec should come from, when, and in what words."""

from dataclasses import replace

import pytest

from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.domain.condition_checks import all_conditions
from tfs_operator.domain.deployment import DeploymentFacts
from tfs_operator.domain.evidence import Evidence, Verdict
from tfs_operator.domain.fetch_protocol import FetchProblem, FetchState, ModelReport, VersionReport
from tfs_operator.domain.folder_checks import folder_lacks_a_version
from tfs_operator.domain.model_config import Latest, ModelConfig, ModelServerConfig, Specific, VersionPolicy
from tfs_operator.domain.observation import ModelObservation, PodObservation, VersionStatus
from tfs_operator.domain.rollout import Action, Goal, Memory, Step

GONE = FetchProblem(reason=Reason.VERSION_NOT_FOUND, message="pvc://c/m: version 2 is gone since 12:00:03")
NO_FOLDER = FetchProblem(reason=Reason.NO_VERSIONS, message="pvc://c/m: there is no such folder")
NAMED = Specific((1, 2))
LABELS = {"stable": 1, "canary": 2, "next": 2}


def report(
    problem: FetchProblem | None = GONE, folder: FetchProblem | None = None, *, local: bool = True
) -> ModelReport:
    """Version 1 is whole, version 2 is not there."""
    versions = (
        VersionReport(version=1, state=FetchState.FETCHED),
        VersionReport(version=2, state=FetchState.WAITING, problem=problem),
    )
    return ModelReport(uri="pvc://c/m", versions=versions, problem=folder, local=local)


def evidence(
    *available: int, policy: VersionPolicy = NAMED, found: ModelReport | None = None, ready: bool = True
) -> Evidence:
    """One pod whose server has these versions."""
    labels = LABELS if isinstance(policy, Specific) else {}
    model = ModelConfig("m", "/models/pvc/c/m", policy, labels)
    seen = ModelObservation(tuple(VersionStatus(version, "AVAILABLE") for version in available))
    pod = PodObservation("a", ready, {"m": seen} if ready else {}, fetches={"m": found or report()})
    complete = DeploymentFacts(current=True, desired=1, replicas=1, updated=1, ready=1)
    return Evidence(ModelServerConfig((model,)), 1, complete, (pod,))


def test_which_folder_is_gone_and_which_labels_need_it() -> None:
    words = "model m on pod a: pvc://c/m: version 2 is gone since 12:00:03; labels canary, next need it"
    verdict = Verdict("False", Reason.VERSION_NOT_FOUND, words)
    conditions = all_conditions(evidence(1))
    assert conditions[ConditionType.VERSIONS_AVAILABLE] == conditions[ConditionType.READY] == verdict
    assert conditions[ConditionType.PROGRESSING].status == "False"


@pytest.mark.parametrize(
    ("action", "ready", "progressing"),
    [
        (Action.TRY, True, "True"),
        (Action.LOAD, True, "True"),
        (Action.WAIT, True, "True"),
        (Action.WAIT, False, "False"),
    ],
)
def test_a_version_that_does_not_look_whole_needs_a_person_only_where_no_server_judges_it(
    action: Action, ready: bool, progressing: str
) -> None:
    """Else `kubectl wait --for=condition=Progressing=False` would end before the server has given it up, or while it
    does not answer for a moment."""
    damaged = FetchProblem(
        reason=Reason.INCOMPLETE_VERSION, message="pvc://c/m: version 2: its saved_model.pb is damaged"
    )
    found = evidence(1, found=report(damaged))
    [model] = found.aspired.models
    step = Step(action, "as it is", Goal(model), memory=Memory("w", action))
    pods = tuple(replace(pod, ready=ready) for pod in found.pods)
    conditions = all_conditions(replace(found, steps={"m": step}, pods=pods))
    assert conditions[ConditionType.READY].reason is Reason.INCOMPLETE_VERSION
    assert conditions[ConditionType.PROGRESSING].status == progressing


def test_a_pod_that_was_never_ready_shows_it_too() -> None:
    conditions = all_conditions(replace(evidence(ready=False), deployment=DeploymentFacts()))
    assert conditions[ConditionType.READY].reason is Reason.VERSION_NOT_FOUND


@pytest.mark.parametrize(
    "found",
    [
        evidence(1, 2),
        evidence(1, found=report(None)),
        evidence(1, found=report(local=False)),
        evidence(1, policy=Latest(1), found=report(folder=NO_FOLDER)),
        evidence(policy=Latest(1), found=report(GONE)),
    ],
    ids=["served", "not known", "from a store", "latest is served", "latest needs no version by name"],
)
def test_what_harms_nothing_is_not_said(found: Evidence) -> None:
    assert folder_lacks_a_version(found) is None


def test_under_a_policy_the_folder_itself_is_said_while_nothing_is_served() -> None:
    verdict = folder_lacks_a_version(evidence(policy=Latest(1), found=report(None, NO_FOLDER)))
    assert verdict
    assert (verdict.reason, verdict.message) == (Reason.NO_VERSIONS, f"model m on pod a: {NO_FOLDER.message}")


def test_the_folders_problem_is_that_of_each_version_in_it() -> None:
    verdict = folder_lacks_a_version(evidence(1, found=report(None, NO_FOLDER)))
    assert verdict
    assert verdict.message == f"model m on pod a: {NO_FOLDER.message}; labels canary, next need it"


def test_a_version_that_a_server_has_given_up_is_told_in_the_servers_words() -> None:
    found = evidence(1)
    goal = Goal(found.aspired.models[0])
    step = Step(Action.WITHDRAW, "", goal, failed={2: "version 2 on pod a: NOT_FOUND"}, memory=Memory())
    conditions = all_conditions(replace(found, steps={"m": step}))
    assert conditions[ConditionType.READY].reason is Reason.VERSION_FAILED

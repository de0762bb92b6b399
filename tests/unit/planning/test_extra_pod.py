"""The pod on which versions are tried: when it is there, and that it is none of the replicas."""

from dataclasses import replace
from typing import Any

from tests.unit.planning.passes import CATS, NOW, live, observed, seen, serves, unready
from tfs_operator.api.conditions import Reason
from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.fetch_protocol import FetchProblem, FetchState, ModelReport, VersionReport
from tfs_operator.domain.observation import PodObservation, Problem
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.rollout import Memory, Trial
from tfs_operator.planning import Observed, Outcome, Passed, Reloaded, conclude, decide
from tfs_operator.planning.conclude import Clocks, Remembered
from tfs_operator.planning.observed import LiveChildren

ROLLOUT = {"extraPod": True, "surgeTimeoutSeconds": 20}
OLD = serves(1, stable=1)


def extra(name: str = "x", **models: Any) -> tuple[PodFacts, PodObservation]:
    facts, answer = seen(name, None, **models)
    return replace(facts, extra=True), answer


def rollout_to_2(*pods: tuple[PodFacts, PodObservation], **more: Any) -> Observed:
    """Versions 1 and 2 of cats are asked for, and version 1 is committed."""
    found = observed(live("cats", rollout=ROLLOUT), *pods, **more)
    before = replace(CATS, policy=replace(CATS.policy, versions=(1,)))  # type: ignore[arg-type]  # it is Specific
    return replace(found, children=LiveChildren(replace(found.aspired, models=(before,))))


def names(found: Observed) -> list[str]:
    made: list[Manifest] = decide(found).children or []
    return [each["metadata"]["name"] for each in made if each["kind"] == "Deployment"]


def concluded(found: Observed) -> Manifest:
    """The status."""
    plan = decide(found)
    outcome = Outcome(None, Reloaded(settled=True), found.children)
    passed = Passed(found, plan, outcome, {"cats": [Memory(), plan.steps["cats"].memory]})
    return conclude(passed, Remembered(), 30.0, Clocks(NOW, NOW)).status


def test_it_is_there_while_a_version_is_tried_and_not_otherwise() -> None:
    assert names(rollout_to_2(seen("a", None, cats=OLD))) == ["mnist", "mnist.trial"]
    both = serves(1, 2, stable=1)
    assert names(observed(live("cats", rollout=ROLLOUT), seen("a", None, cats=both))) == ["mnist"]


def test_a_quota_that_keeps_it_from_being_made_is_told() -> None:
    refused = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small"}
    deployment = {"metadata": {"name": "mnist.trial"}, "status": {"conditions": [refused]}}
    found = rollout_to_2(seen("a", None, cats=OLD))
    found = replace(found, children=replace(found.children, trial=deployment))
    assert "exceeded quota: small" in found.fleet("cats").extra.problem
    assert found.limits.extra == 20


def test_it_is_no_replica_and_no_answer_to_clients() -> None:
    found = rollout_to_2(seen("a", None, cats=OLD), extra(cats=serves(1, 2)))
    assert [pod.name for pod in found.fleet("cats").pods] == ["a", "x"]
    assert found.answers("cats") == [OLD]
    status = concluded(found)
    assert (status["replicas"], status["readyReplicas"]) == (1, 1)
    assert status["models"][0]["labels"] == {"stable": 1}


def test_alone_it_decides_nothing() -> None:
    """Pods in the Service that are not ready and answer are what there is."""
    found = rollout_to_2(unready("a", cats=OLD), extra(cats=OLD))
    assert [pod.name for pod in found.fleet("cats").pods] == ["a"]
    silent = Problem(Reason.MODEL_SERVER_UNREACHABLE, "no answer")
    beside_silent = rollout_to_2(seen("a", silent), extra(cats=OLD)).fleet("cats")
    assert (beside_silent.pods, beside_silent.silent) == ((), 1)
    alone = rollout_to_2(extra(cats=OLD)).fleet("cats")
    assert (alone.pods, alone.silent, alone.crash_looping) == ((), 0, False)


def test_its_death_is_known_when_it_does_not_answer() -> None:
    memory = Memory(trial=Trial(2, "x", NOW - 5))
    pod, _ = extra()
    gone = (replace(pod, ready=False), PodObservation("x", ready=False))
    found = rollout_to_2(seen("a", None, cats=OLD), gone, memories={"cats": memory})
    step = decide(found).steps["cats"]
    assert (step.trial, step.extra_pod) == (Trial(2, "x", NOW - 5), True)


def test_what_cannot_be_fetched_to_it_is_told() -> None:
    full = FetchProblem(reason=Reason.DISK_FULL, message="no room")
    lacking = VersionReport(version=2, state=FetchState.FAILED, problem=full)
    pod, answer = extra(cats=OLD)
    fetches = {"cats": ModelReport(uri="s3://b/cats", versions=(lacking,))}
    spec = live("cats", rollout=ROLLOUT)
    spec["spec"]["models"][0]["modelUri"] = "s3://b/cats"
    found = observed(spec, seen("a", None, cats=OLD), (pod, replace(answer, fetches=fetches)))
    [told] = [each for each in concluded(found)["conditions"] if each["type"] == "ModelsFetched"]
    assert (told["reason"], told["message"]) == ("DiskFull", "model cats on pod x: no room")

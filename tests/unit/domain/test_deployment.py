"""How far a Deployment's rolling update is, told from its manifest."""

from typing import Any

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.deployment import DeploymentFacts, facts
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.replica_failure import pods_not_created


def deployment(replicas: int = 2, generation: int = 3, **status: Any) -> dict[str, Any]:
    seen = {"observedGeneration": generation, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2}
    return {
        "metadata": {"name": "mnist", "generation": generation},
        "spec": {"replicas": replicas},
        "status": {**seen, **status},
    }


def test_a_deployment_that_is_rolled_out_is_complete() -> None:
    found = facts(deployment())
    assert found == DeploymentFacts(current=True, desired=2, replicas=2, updated=2, ready=2, problem=None)
    assert found.complete


@pytest.mark.parametrize(
    "live",
    [
        deployment(observedGeneration=2),
        deployment(replicas=3),
        deployment(updatedReplicas=1),
        deployment(readyReplicas=1),
        {**deployment(), "status": {**deployment()["status"], "replicas": 3}},
        {**deployment(), "status": {}},
    ],
)
def test_anything_that_is_missing_or_too_much_makes_it_incomplete(live: dict[str, Any]) -> None:
    assert not facts(live).complete


def test_dead_pods_do_not_keep_it_from_being_complete() -> None:
    """A ReplicaSet counts active pods only: with two that serve and five that were evicted it says two."""
    counts = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
    assert facts(deployment(**counts, terminatingReplicas=1)).complete


def test_no_deployment_yet_is_nothing_yet() -> None:
    assert facts(None) == DeploymentFacts()
    assert not facts(None).complete


def test_a_deployment_that_nobody_has_looked_at_is_not_current() -> None:
    assert facts({"metadata": {"generation": 1}, "spec": {"replicas": 0}}) == DeploymentFacts(current=False)


def test_scaled_to_zero_is_complete_when_no_pod_is_left() -> None:
    gone = {"observedGeneration": 3}
    assert facts({"metadata": {"generation": 3}, "spec": {"replicas": 0}, "status": gone}).complete
    assert not facts(
        {"metadata": {"generation": 3}, "spec": {"replicas": 0}, "status": {**gone, "replicas": 1}}
    ).complete


def test_pods_that_cannot_be_created_are_a_problem_in_the_api_servers_words() -> None:
    words = 'pods "mnist-1" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=1'
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": words}
    assert facts(deployment(conditions=[failure])).problem == Problem(
        Reason.PODS_NOT_CREATED, pods_not_created("mnist", words)
    )


@pytest.mark.parametrize(
    "condition",
    [
        {"type": "ReplicaFailure", "status": "False", "message": "it was"},
        {"type": "Available", "status": "False", "message": "Deployment does not have minimum availability."},
        {"type": "Progressing", "status": "True"},
    ],
)
def test_other_conditions_are_no_problem(condition: dict[str, Any]) -> None:
    assert facts(deployment(conditions=[condition])).problem is None


@pytest.mark.parametrize(("strategy", "surges"), [({}, True), ({"maxSurge": 1}, True), ({"maxSurge": 0}, False)])
def test_whether_an_update_starts_a_new_pod_first(strategy: dict[str, int], surges: bool) -> None:
    live = deployment()
    live["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": strategy}
    assert facts(live).surges is surges


@pytest.mark.parametrize(
    ("words", "since"),
    [
        (
            'pods "m" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=1, used: 1, limited: 1',
            600.0,
        ),
        ('pods "m" is forbidden: exceeded quota: cpus, requested: requests.cpu=1', 0.0),
        ("admission webhook denied nvidia.com/gpu", 0.0),
    ],
)
def test_since_when_a_quota_on_gpus_keeps_pods_away(words: str, since: float) -> None:
    failure = {"type": "ReplicaFailure", "status": "True", "message": words}
    failure["lastTransitionTime"] = "1970-01-01T00:10:00Z"
    assert facts(deployment(conditions=[failure])).no_gpu_since == since

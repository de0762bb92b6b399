"""A new version is tried on a pod of its own, which no client reaches: `rollout.extraPod`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.api_client import Api
from testing.control_plane.admission import policy_denies
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet import asking
from testing.fleet.model_folder import ModelFolder
from testing.fleet.node import Node
from testing.fleet.node_pod import NodePod
from testing.fleet.served import NAME, Served, serving

TRIAL = f"{NAME}.trial"
A_DAY = 86400
"""Seconds: a pod that comes up late on a busy machine is waited for."""


@pytest.fixture
def served(api: Api, operator: OperatorProcess, saved_model: Path, tmp_path: Path) -> Iterator[Served]:
    """Two pods serve version 1 under the label stable."""
    folder = ModelFolder(tmp_path / "model", saved_model)
    folder.publish(1)
    rollout = {"trialSeconds": 1, "extraPod": True, "surgeTimeoutSeconds": A_DAY}
    with serving(api, folder, tmp_path / "pods", rollout=rollout) as served:
        yield served


@pytest.fixture
def outside(api: Api, served: Served, tmp_path: Path) -> Iterator[Node]:
    """Runs the pod outside the Service when there is to be one."""
    with Node(api, served.namespace, TRIAL, tmp_path / "outside") as node:
        yield node


def is_gone(served: Served, outside: Node) -> bool:
    return not outside.pods and served.api.get("Deployment", served.namespace, TRIAL) is None


def loads(pod: NodePod, version: int) -> bool:
    try:
        return asking.version_states(pod.address, NAME).get(version) == "LOADING"
    except OSError:
        return False


def loading(outside: Node, version: int) -> NodePod | None:
    return next((pod for pod in outside.pods if loads(pod, version)), None)


def test_there_is_none_as_long_as_nothing_is_tried(served: Served, outside: Node) -> None:
    assert is_gone(served, outside)


def test_the_pods_of_the_service_get_a_version_once_it_has_passed_outside(served: Served, outside: Node) -> None:
    served.folder.publish_slow(2)
    served.edit(versionLabels={"stable": 2})
    tried = served.until(lambda: loading(outside, 2))
    assert f"version 2 is tried on pod {tried.name} first" in served.rollout()["message"]
    assert served.available() == [[1], [1]]
    assert served.tfmodel()["status"]["replicas"] == 2
    served.folder.finish(2)
    served.until_done()
    assert served.answers("stable") == [2, 2]
    served.until(lambda: is_gone(served, outside))


def test_a_version_that_kills_its_server_harms_no_pod_of_the_service(served: Served, outside: Node) -> None:
    served.folder.publish_slow(2)
    with served.heard("stable") as heard:
        served.edit(versionLabels={"canary": 2})
        tried = served.until(lambda: loading(outside, 2))
        tried.kill()
        failed = served.until_reason("VersionFailed")
    assert f"version 2: the model server of pod {tried.name} was killed by signal 9" in failed["message"]
    assert [answers.runs for answers in heard] == [[1], [1]]
    assert [pod.restarts for pod in served.pods] == [0, 0]
    assert served.committed() == ([1], {"stable": 1})
    served.until(lambda: is_gone(served, outside))


def test_a_version_that_cannot_predict_never_comes_to_a_pod_of_the_service(served: Served, outside: Node) -> None:
    served.folder.publish_unable(2)
    served.edit(versionLabels={"stable": 2})
    failed = served.until_reason("VersionFailed")
    assert "Op type not registered" in failed["message"]
    assert [asking.version_states(pod.address, NAME).get(2) for pod in served.pods] == [None, None]
    served.until(lambda: is_gone(served, outside))


def test_without_room_the_rollout_goes_on_and_says_it(served: Served, outside: Node) -> None:
    outside.is_full = True
    served.folder.publish(2)
    served.edit(versionLabels={"stable": 2}, rollout={"surgeTimeoutSeconds": 1})
    served.until_done()
    assert served.answers("stable") == [2, 2]
    [told] = served.events("ExtraPodMissing")
    assert "which clients use: no pod outside the Service came up within 1 s (rollout.extraPod)" in told
    assert is_gone(served, outside)


def test_a_policy_that_denies_it_delays_the_rollout_and_no_more(served: Served, outside: Node) -> None:
    served.folder.publish(2)
    with policy_denies(served.api, served.namespace, "apps", "deployments", "one Deployment a team"):
        served.edit(versionLabels={"stable": 2})
        refused = served.until_reason("ChildRefused")
        assert refused["message"].startswith(f"the API server refuses Deployment {TRIAL}: ")
        served.edit(rollout={"surgeTimeoutSeconds": 1})
        served.until_done()
    assert served.answers("stable") == [2, 2]
    assert len(served.events("ExtraPodMissing")) == 1

"""A version that is new to the pods is tried on one of them first, and harms no more than that one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.api_client import Api
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet import asking
from testing.fleet.model_folder import ModelFolder
from testing.fleet.node_pod import NodePod
from testing.fleet.served import NAME, Served, serving

TRIAL_SECONDS = 1


@pytest.fixture
def served(api: Api, operator: OperatorProcess, saved_model: Path, tmp_path: Path) -> Iterator[Served]:
    """Two pods serve version 1 under the label stable."""
    folder = ModelFolder(tmp_path / "model", saved_model)
    folder.publish(1)
    with serving(api, folder, tmp_path / "pods", rollout={"trialSeconds": TRIAL_SECONDS}) as served:
        yield served


def loading(served: Served, version: int) -> list[NodePod]:
    """The pods that load the version; none is down."""
    return [pod for pod in served.pods if state(pod, version) == "LOADING"]


def state(pod: NodePod, version: int) -> str | None:
    try:
        return asking.version_states(pod.address, NAME).get(version)
    except OSError:
        return None


def test_the_others_get_it_once_it_has_answered_on_one(served: Served) -> None:
    served.folder.publish_slow(2)
    with served.heard("stable") as heard:
        served.edit(versionLabels={"stable": 2})
        served.until(lambda: len(loading(served, 2)) == 1)
        trial = served.until_step("Try")
        assert "version 2 is tried on pod" in trial["message"]
        [other] = [pod for pod in served.pods if pod not in loading(served, 2)]
        assert state(other, 2) is None
        served.folder.finish(2)
        served.until_done()
    assert [answers.runs for answers in heard] == [[1, 2], [1, 2]]
    assert served.rollout()["approved"] == [2]


def test_a_version_that_kills_its_server_costs_one_restart_of_one_pod(served: Served) -> None:
    before = served.committed()
    served.folder.publish_slow(2)
    served.edit(versionLabels={"stable": 1, "canary": 2})
    [tried] = served.until(lambda: loading(served, 2))
    [other] = [pod for pod in served.pods if pod is not tried]
    with asking.asked_without_pause([other.address], NAME, "stable") as heard:
        tried.kill()
        failed = served.until_reason("VersionFailed")
        served.until(served.are_pods_ready)
    assert f"version 2: the model server of pod {tried.name} was killed by signal 9" in failed["message"]
    assert served.committed() == before == ([1], {"stable": 1})
    assert [answers.runs for answers in heard] == [[1]]
    assert (tried.restarts, other.restarts) == (1, 0)
    assert [state(pod, 2) for pod in (tried, other)] == [None, None]
    assert served.rollout()["failures"][0]["cause"] == "Death"


def test_it_is_tried_again_after_an_edit_of_the_spec(served: Served) -> None:
    served.folder.publish_slow(2)
    served.edit(versionLabels={"stable": 1, "canary": 2})
    [tried] = served.until(lambda: loading(served, 2))
    tried.kill()
    served.until_reason("VersionFailed")
    served.folder.finish(2)
    served.edit(versionLabels={"stable": 2, "canary": None})
    served.until_done()
    assert served.answers("stable") == [2, 2]


def test_a_version_that_cannot_predict_moves_no_label_and_leaves(served: Served) -> None:
    served.folder.publish_unable(2)
    with served.heard("stable") as heard:
        served.edit(versionLabels={"stable": 2})
        failed = served.until_reason("VersionFailed")
        served.until(lambda: served.available() == [[1], [1]])
    assert "Op type not registered" in failed["message"]
    assert [answers.runs for answers in heard] == [[1], [1]]
    assert served.committed() == ([1], {"stable": 1})
    assert [state(pod, 2) for pod in served.pods].count(None) == 1, "the other pod never had it"


def test_a_first_version_that_cannot_predict_is_said(
    api: Api, operator: OperatorProcess, saved_model: Path, tmp_path: Path
) -> None:
    """There is nothing better, so it stays; a version that is good takes its place."""
    folder = ModelFolder(tmp_path / "model", saved_model)
    folder.publish_unable(1)
    with serving(api, folder, tmp_path / "pods", await_done=False) as served:
        failed = served.until_reason("VersionFailed")
        assert "Op type not registered" in failed["message"]
        served.until(lambda: served.available() == [[1], [1]])
        folder.publish(2)
        served.edit(versionLabels={"stable": 2})
        served.until_done()
        assert served.answers("stable") == [2, 2]

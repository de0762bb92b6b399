"""Servers that die while they serve, all of them at once.

At rest no version is to blame, and nothing is taken back for it. One that is being loaded just then is blamed, whoever
has done it: it does not show.
"""

import http.client
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testing.api_client import Api
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet import asking
from testing.fleet.model_folder import ModelFolder
from testing.fleet.node_pod import NodePod
from testing.fleet.served import NAME, Served, serving

SLOW = 2


@pytest.fixture
def loading(api: Api, operator: OperatorProcess, saved_model: Path, tmp_path: Path) -> Iterator[Served]:
    """Two pods serve version 1, and load version 2 until the test lets it end."""
    folder = ModelFolder(tmp_path / "model", saved_model)
    folder.publish(1)
    folder.publish_slow(SLOW)
    with serving(api, folder, tmp_path / "pods") as served:
        served.edit(versionLabels={"stable": SLOW})
        served.until(lambda: states(served) == ["LOADING", "LOADING"])
        yield served
        folder.finish(SLOW)


def states(served: Served) -> list[str | None]:
    return [state(pod) for pod in served.pods if pod.ready]


def state(pod: NodePod) -> str | None:
    """None also for a server that has just died, which its pod does not show yet."""
    try:
        return asking.version_states(pod.address, NAME).get(SLOW)
    except OSError:
        return None


def until_restarted(served: Served, pod: NodePod) -> None:
    """In the same pod, and with what it served before."""
    served.until_reason("ModelServerFailed")
    served.until(lambda: pod.ready and served.condition()["status"] == "True")


def killed(pod: NodePod) -> None:
    pod.kill()


def asked_to_death(pod: NodePod) -> None:
    """By a request of a client: docs/security.md."""
    body = '{"instances":' + "[" * 60_000 + "1" + "]" * 60_000 + "}"
    with pytest.raises((OSError, http.client.HTTPException)):
        urllib.request.urlopen(f"http://{pod.address}:8501/v1/models/{NAME}:predict", body.encode(), timeout=60)


@pytest.mark.parametrize(("end", "how"), [(killed, "signal 9 (SIGKILL)"), (asked_to_death, "signal 11 (SIGSEGV)")])
def test_the_version_that_is_being_loaded_is_withdrawn_and_what_worked_comes_back(
    loading: Served, end: Callable[[NodePod], None], how: str
) -> None:
    """The configuration with which they start again is not replaced by the new one, which nobody has tried."""
    before, pods = loading.committed(), loading.pods
    for pod in pods:
        end(pod)
    failed = loading.until_reason("VersionFailed")
    loading.until(loading.are_pods_ready)
    assert f"was killed by {how} while it loaded version {SLOW}" in failed["message"]
    assert loading.committed() == before == ([1], {"stable": 1})
    loading.until(lambda: loading.answers("stable") == [1, 1])
    assert loading.pods == pods
    assert [pod.restarts for pod in pods] == [1, 1]
    loading.folder.finish(SLOW)
    loading.edit(versionLabels={"canary": SLOW})
    loading.until_done()
    assert loading.answers("stable") == [SLOW, SLOW]
    assert loading.pods == pods


@pytest.mark.parametrize("end", [killed, asked_to_death])
def test_at_rest_the_version_and_its_label_stay(
    api: Api, operator: OperatorProcess, saved_model: Path, tmp_path: Path, end: Callable[[NodePod], None]
) -> None:
    """Also where the version is new, and the one before was kept for an instant rollback until the server died."""
    folder = ModelFolder(tmp_path / "model", saved_model)
    folder.publish(1, 2)
    with serving(api, folder, tmp_path / "pods", replicas=1, rollout={"bakeSeconds": 600}) as served:
        served.edit(versionLabels={"stable": 2})
        served.until_step("Bake")
        before, [pod] = served.committed(), served.pods
        assert before == ([2], {"stable": 2})
        for _ in range(2):
            end(pod)
            until_restarted(served, pod)
        assert pod.restarts == 2
        assert served.answers("stable") == [2]
        assert served.committed() == before
        assert served.pods == [pod]
        assert served.events("VersionFailed") == []

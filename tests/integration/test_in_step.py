"""A pod takes traffic once it serves what is committed by then, whatever it has started with."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testing.api_client import Api
from testing.control_plane.control_plane import OPERATOR, ControlPlane
from testing.control_plane.operator_process import FLAGS, OperatorProcess, running_operator
from testing.fleet.model_folder import ModelFolder
from testing.fleet.node_pod import NodePod
from testing.fleet.served import Served, serving
from testing.loopback import free_ports

SLOW = 2


class Operator:
    """An operator that tests end and start again."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        self._kubeconfig = kubeconfig
        self._folder = folder
        self._stack = ExitStack()
        self._running: OperatorProcess | None = None

    def start(self) -> None:
        log = self._folder / f"operator-{free_ports(1)[0]}.log"
        self._running = self._stack.enter_context(running_operator(self._kubeconfig, log, free_ports(1)[0], *FLAGS))

    def kill(self) -> None:
        assert self._running is not None
        self._running.process.kill()
        self._running.process.wait(60)

    def end(self) -> None:
        self._stack.close()


@pytest.fixture
def killable(control_plane: ControlPlane, tmp_path: Path) -> Iterator[Operator]:
    made = Operator(control_plane.kubeconfig(OPERATOR), tmp_path)
    made.start()
    yield made
    made.end()


@pytest.fixture
def served(api: Api, killable: Operator, saved_model: Path, tmp_path: Path) -> Iterator[Served]:
    """Two pods with version 1 as stable; version 2 is there as well."""
    folder = ModelFolder(tmp_path / "model", saved_model)
    folder.publish(1, 2)
    with serving(api, folder, tmp_path / "pods") as found:
        yield found


def starting_config(pod: NodePod) -> str:
    return (pod.log.parent / "starting" / "models.config").read_text()


def test_a_server_that_is_killed_after_a_label_moved_starts_with_that(served: Served) -> None:
    """Its copy of the ConfigMap is from before."""
    served.edit(versionLabels={"stable": 2})
    served.until_done()
    [pod, _] = served.pods
    assert "versions: 1 " in (pod.log.parent / "models.config").read_text()
    served.restart(pod)
    assert served.answers("stable") == [2, 2]
    assert 'key: "stable" value: 2' in starting_config(pod)


def test_without_an_operator_too(served: Served, killable: Operator) -> None:
    served.edit(versionLabels={"stable": 2})
    served.until_done()
    killable.kill()
    for pod in served.pods:
        served.restart(pod)
    assert served.answers("stable") == [2, 2]


def test_a_pod_that_starts_while_a_label_moves_answers_the_old_version_to_nobody(
    api: Api, killable: Operator, saved_model: Path, tmp_path: Path
) -> None:
    """It begins with version 1, and has version 2 to load once the label has moved."""
    folder = ModelFolder(tmp_path / "model", saved_model)
    folder.publish(1, SLOW)
    with serving(api, folder, tmp_path / "pods", replicas=1) as served:
        [first] = served.pods
        served.edit(versionLabels={"stable": SLOW}, replicas=2)
        served.until(lambda: first.ready and served.answers("stable")[0] == SLOW)
        served.until_done()
        assert served.answers("stable") == [SLOW, SLOW]


def test_without_an_operator_a_pod_that_is_out_of_step_takes_traffic_after_a_while(
    api: Api, killable: Operator, saved_model: Path, tmp_path: Path
) -> None:
    """What is committed is gone from the disk of its node, and so cannot be served by a server that starts again."""
    folder = ModelFolder(tmp_path / "model", saved_model)
    folder.publish(1, 2)
    with serving(api, folder, tmp_path / "pods", versionLabels={"stable": 1, "canary": 2}) as served:
        killable.kill()
        folder.remove(2)
        [pod, _] = served.pods
        served.restart(pod)
        assert served.answers("stable") == [1, 1]
        assert served.answers("canary")[0] is None

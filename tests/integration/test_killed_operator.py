"""The operator is killed with SIGKILL in the middle of a rollout; the next one goes on, and clients notice nothing."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from testing.control_plane.control_plane import OPERATOR, ControlPlane
from testing.control_plane.operator_process import FLAGS, OperatorProcess, running_operator
from testing.fleet import asking
from testing.fleet.served import NAME, Served
from testing.loopback import free_ports

SLOW, BAD = 8, 9
Replace = Callable[[], None]


class Successions:
    """One operator at a time, as with leader election."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        self._kubeconfig = kubeconfig
        self._folder = folder
        self._count = 0
        self._stack = ExitStack()
        self._running: OperatorProcess | None = None

    def start(self) -> OperatorProcess:
        self._count += 1
        log = self._folder / f"operator-{self._count}.log"
        started = running_operator(self._kubeconfig, log, free_ports(1)[0], *FLAGS)
        self._running = self._stack.enter_context(started)
        return self._running

    def kill(self) -> None:
        assert self._running is not None
        self._running.process.kill()
        self._running.process.wait(60)

    def end(self) -> None:
        self._stack.close()


@pytest.fixture(scope="module")
def operators(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Successions]:
    made = Successions(control_plane.kubeconfig(OPERATOR), tmp_path_factory.mktemp("operators"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def operator(operators: Successions) -> OperatorProcess:
    return operators.start()


def test_at_random_moments(served: Served, operators: Successions) -> None:
    """Each of the edits is ended by another operator than the one that began it."""
    moments = random.Random(4)
    edits = [{"stable": 2}, {"canary": 3}, {"stable": 3, "canary": 2}, {"stable": 1, "canary": 1}, {"stable": 2}]
    with served.heard("stable") as heard:
        for labels in edits:
            served.edit(versionLabels=labels)
            time.sleep(moments.uniform(0, 1.5))
            operators.kill()
            operators.start()
            served.until_done()
            assert [served.answers(label) for label in labels] == [[to, to] for to in labels.values()]
    assert [answers.runs for answers in heard] == [[1, 2, 3, 1, 2]] * 2


def test_while_a_version_loads(served: Served, operators: Successions) -> None:
    served.folder.publish_slow(SLOW)
    served.edit(versionLabels={"stable": SLOW})
    served.until(lambda: [asking.version_states(p.address, NAME).get(SLOW) for p in served.pods] == ["LOADING"] * 2)
    began = served.rollout()["began"]
    with served.heard("stable") as heard:
        operators.kill()
        operators.start()
        time.sleep(1)
        assert served.rollout()["began"] == began
        served.folder.finish(SLOW)
        served.until_done()
    assert [answers.runs for answers in heard] == [[1, SLOW], [1, SLOW]]


def test_the_load_ends_while_no_operator_is_there(served: Served, operators: Successions) -> None:
    served.folder.publish_slow(SLOW)
    served.edit(versionLabels={"canary": SLOW})
    served.until(lambda: [asking.version_states(p.address, NAME).get(SLOW) for p in served.pods] == ["LOADING"] * 2)
    operators.kill()
    served.folder.finish(SLOW)
    served.until(lambda: served.available() == [[1, SLOW], [1, SLOW]])
    served.restart(served.pods[0])
    operators.start()
    failed = served.until_reason("VersionFailed")["message"]
    assert f"while it loaded version {SLOW}" in failed, "that it had ended before does not show any more"
    served.edit(versionLabels={"stable": 1, "next": SLOW})
    served.until_done()
    assert served.answers("next") == [SLOW, SLOW]


def test_while_the_old_version_bakes(served: Served, operators: Successions) -> None:
    """The time that is over counts for the next operator too: it never begins to bake anew."""
    served.edit(rollout={"bakeSeconds": 6}, versionLabels={"stable": 2})
    since = served.until_step("Bake")["since"]
    operators.kill()
    assert served.available() == [[1, 2], [1, 2]]
    operators.start()
    found = {since}

    def done() -> bool:
        rollout = served.rollout()
        if rollout["step"] == "Bake":
            found.add(rollout["since"])
        return served.is_done()

    served.until(done)
    assert found == {since}
    assert datetime.now(UTC) - datetime.fromisoformat(since) >= timedelta(seconds=6)
    assert served.available() == [[2], [2]]
    served.edit(rollout={"bakeSeconds": 0})


def test_while_a_bad_version_is_withdrawn(served: Served, operators: Successions) -> None:
    served.folder.publish_damaged(BAD)
    served.edit(versionLabels={"stable": BAD})
    said = served.until_reason("VersionFailed")
    reloads = [pod.reloads() for pod in served.pods]
    operators.kill()
    operators.start()
    time.sleep(2)
    assert served.condition() == said
    assert all(pod.reloads() - count <= 1 for pod, count in zip(served.pods, reloads, strict=True))
    assert served.answers("stable") == [1, 1]

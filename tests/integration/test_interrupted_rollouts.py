"""What happens in the middle of a rollout: other edits, other pods, a suspension, a pod that answers nobody. Version 9
loads for as long as a test wants it to."""

import time
from collections.abc import Iterator

import pytest

from testing.fleet import asking
from testing.fleet.node_pod import NodePod
from testing.fleet.served import NAME, Served
from tfs_operator.controller.pods.reload import DEADLINE_SECONDS

SLOW = 9


@pytest.fixture
def canary(served: Served) -> Iterator[Served]:
    """Both pods load a canary that is not there yet."""
    served.folder.publish_slow(SLOW)
    served.edit(versionLabels={"canary": SLOW})
    served.until_step("Load")
    served.until(lambda: states(served) == ["LOADING", "LOADING"])
    yield served
    served.folder.finish(SLOW)


def states(served: Served) -> list[str | None]:
    """Where each pod that is ready stands with the slow version."""
    return [asking.version_states(pod.address, NAME).get(SLOW) for pod in served.pods if pod.ready]


def test_a_slow_canary_is_waited_for_and_what_for_is_said(canary: Served) -> None:
    rollout = canary.rollout()
    assert f"version {SLOW}" in rollout["message"]
    assert rollout["since"]
    progressing = canary.condition("Progressing")
    assert progressing["status"] == "True"
    assert f"version {SLOW}" in progressing["message"]
    assert canary.committed() == ([1], {"stable": 1})
    canary.folder.finish(SLOW)
    canary.until_done()
    assert canary.answers("canary") == [SLOW, SLOW]


def test_the_newest_of_two_edits_wins(canary: Served) -> None:
    with canary.heard("stable", "canary") as heard:
        canary.edit(versionLabels={"canary": 2})
        canary.until(lambda: canary.answers("canary") == [2, 2])
        canary.folder.finish(SLOW)
        canary.until_done()
    assert [answers.runs for answers in heard] == [[1], [None, 2]] * 2
    assert canary.available() == [[1, 2], [1, 2]]
    assert canary.committed() == ([1, 2], {"canary": 2, "stable": 1})


def test_an_edit_that_is_taken_back_leaves_everything_as_it_was(canary: Served) -> None:
    before = canary.committed()
    with canary.heard("stable", "canary") as heard:
        canary.edit(versionLabels={"canary": None})
        canary.until(canary.is_observed)
        canary.folder.finish(SLOW)
        canary.until_done()
    assert [answers.runs for answers in heard] == [[1], [None]] * 2
    assert canary.available() == [[1], [1]]
    assert canary.committed() == before


def test_a_promotion_in_the_middle_of_another_ones_load(served: Served) -> None:
    served.folder.publish_slow(SLOW)
    served.edit(versionLabels={"stable": SLOW})
    served.until(lambda: states(served) == ["LOADING", "LOADING"])
    with served.heard("stable") as heard:
        served.edit(versionLabels={"stable": 3})
        served.until(lambda: served.answers("stable") == [3, 3])
        served.folder.finish(SLOW)
        served.until_done()
    assert [answers.runs for answers in heard] == [[1, 3], [1, 3]]
    assert served.available() == [[3], [3]]


def test_scaling_up(canary: Served) -> None:
    canary.edit(replicas=3)
    canary.until(lambda: states(canary) == ["LOADING"] * 3)
    assert canary.answers("stable") == [1] * 3
    canary.folder.finish(SLOW)
    canary.until_done()
    assert canary.answers("canary") == [SLOW] * 3


def test_scaling_down(canary: Served) -> None:
    canary.edit(replicas=1)
    canary.until(lambda: len(canary.pods) == 1)
    canary.folder.finish(SLOW)
    canary.until_done()
    assert canary.answers("canary") == [SLOW]


def test_a_pod_that_is_replaced_comes_up_as_committed_and_joins_the_rollout(canary: Served) -> None:
    canary.replace(canary.pods[1])
    assert canary.answers("stable") == [1, 1]
    canary.until(lambda: states(canary) == ["LOADING", "LOADING"])
    canary.folder.finish(SLOW)
    canary.until_done()
    assert canary.answers("canary") == [SLOW, SLOW]


def test_a_server_that_ends_comes_up_as_committed_and_what_it_was_loading_is_withdrawn(canary: Served) -> None:
    """Whoever has ended it: it does not show. An edit of the spec tries the version again."""
    canary.restart(canary.pods[0])
    failed = canary.until_reason("VersionFailed")["message"]
    assert f"was killed by signal 9 (SIGKILL) while it loaded version {SLOW}" in failed
    assert canary.answers("stable") == [1, 1]
    canary.folder.finish(SLOW)
    canary.edit(versionLabels={"stable": 1, "next": SLOW})
    canary.until_done()
    assert canary.answers("next") == [SLOW, SLOW]


def test_a_suspension_holds_the_labels_and_resuming_moves_them(canary: Served) -> None:
    reloads = [pod.reloads() for pod in canary.pods]
    canary.edit(suspend=True)
    canary.until_reason("Suspended")
    canary.folder.finish(SLOW)
    canary.until(lambda: states(canary) == ["AVAILABLE", "AVAILABLE"])
    canary.edit(versionLabels={"stable": 2})
    canary.until_reason("Suspended")
    assert (canary.answers("stable"), canary.answers("canary")) == ([1, 1], [None, None])
    assert canary.committed() == ([1], {"stable": 1})
    assert [pod.reloads() for pod in canary.pods] == reloads
    canary.edit(suspend=False)
    canary.until_done()
    assert (canary.answers("stable"), canary.answers("canary")) == ([2, 2], [SLOW, SLOW])


def test_the_pods_are_replaced(canary: Served) -> None:
    """By an edit of the pod template, which replaces them one by one."""
    before = {pod.name for pod in canary.pods}
    canary.edit(podTemplate={"annotations": {"example.com/restarted": "now"}})
    canary.until(lambda: not before & {pod.name for pod in canary.pods} and canary.are_pods_ready())
    assert canary.answers("stable") == [1, 1]
    canary.folder.finish(SLOW)
    canary.until_done()
    assert canary.answers("canary") == [SLOW, SLOW]


@pytest.fixture
def silent(fleet: Served) -> Iterator[NodePod]:
    """The first of two pods that serve version 1 as stable and version 2 as canary."""
    fleet.rewrite(versionLabels={"stable": 1, "canary": 2}, replicas=2)
    fleet.until_done()
    pod = fleet.pods[0]
    pod.freeze()
    yield pod
    pod.thaw()
    fleet.until_done()


def other(fleet: Served, silent: NodePod) -> NodePod:
    return next(pod for pod in fleet.pods if pod is not silent)


@pytest.mark.alone
def test_a_silent_pod_is_said_and_holds_up_only_itself(fleet: Served, silent: NodePod) -> None:
    """Neither when it has just fallen silent, nor when that is known; it catches up once it answers. Nothing waits for
    as long as a call to it may last."""
    moving = other(fleet, silent)
    with fleet.heard("stable") as heard:
        assert seconds_until_moved(fleet, moving, stable=2, canary=1) < DEADLINE_SECONDS
        said = fleet.until_reason("ModelServerUnreachable")
        assert f"pod {silent.name} is ready but does not answer" in said["message"]
        assert fleet.condition("Progressing")["status"] == "Unknown"
        assert seconds_until_moved(fleet, moving, stable=1, canary=2) < DEADLINE_SECONDS
        assert seconds_until_moved(fleet, moving, stable=2, canary=1) < DEADLINE_SECONDS
        silent.thaw()
        fleet.until_done()
    assert (fleet.answers("stable"), fleet.answers("canary")) == ([2, 2], [1, 1])
    assert [answers.runs for answers in heard if answers.pod == moving.address] == [[1, 2, 1, 2]]


def seconds_until_moved(fleet: Served, pod: NodePod, **labels: int) -> float:
    started = time.monotonic()
    fleet.edit(versionLabels=labels)
    for label, version in labels.items():
        fleet.until(lambda to=(label, version): asking.label_version(pod.address, NAME, to[0]) == to[1])  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
    return time.monotonic() - started


def test_a_new_version_is_loaded_by_the_others_and_by_a_silent_pod_once_it_answers(
    fleet: Served, silent: NodePod
) -> None:
    fleet.edit(versionLabels={"canary": 3})
    fleet.until(lambda: asking.label_version(other(fleet, silent).address, NAME, "canary") == 3)
    silent.thaw()
    fleet.until_done()
    assert fleet.answers("canary") == [3, 3]
    assert fleet.available() == [[1, 3], [1, 3]]


def test_a_silent_pod_is_deleted_in_the_middle(fleet: Served, silent: NodePod) -> None:
    fleet.edit(versionLabels={"canary": 3})
    fleet.node.delete(silent)
    fleet.until_done()
    assert fleet.answers("canary") == [3, 3]

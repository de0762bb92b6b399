"""Servers that run in pods that are not ready are asked and told: a rollback helps though no pod serves."""

import time
from pathlib import Path

import pytest

from testing.control_plane.control_plane import ControlPlane
from testing.fleet import asking
from testing.fleet.fleet import writes
from testing.fleet.served import NAME, Served


@pytest.fixture
def lost(alone: Served) -> tuple[Served, Path]:
    """The folder of the served version was moved away, so that no pod is ready; and where it lies now."""
    alone.node.keeps_probing = True
    away = alone.folder.move_away(1)
    alone.until(lambda: not any(pod.ready for pod in alone.pods))
    return alone, away


def test_the_folder_is_named_though_no_pod_is_ready(lost: tuple[Served, Path], control_plane: ControlPlane) -> None:
    """And then nothing more is written, as long as nothing changes."""
    served, _ = lost
    found = served.until_reason("VersionNotFound")
    assert f"no server finds a folder 1 below {served.folder.path}" in found["message"]
    assert "opens its ports" not in found["message"]
    assert served.condition("Progressing")["status"] == "False"
    assert served.condition("LabelsApplied")["reason"] == "Labeling"
    served.until(served.is_observed)
    before = writes(control_plane, served.namespace)
    time.sleep(3)
    assert writes(control_plane, served.namespace) == before


def test_a_label_that_moves_to_a_good_version_is_acted_on(lost: tuple[Served, Path]) -> None:
    served, _ = lost
    pods = served.pods
    served.folder.publish(2)
    served.edit(versionLabels={"stable": 2})
    served.until_done()
    assert served.answers("stable") == [2, 2]
    assert served.pods == pods
    assert [pod.restarts for pod in pods] == [0, 0]
    assert served.committed() == ([2], {"stable": 2})


def test_a_folder_that_comes_back_is_served_again(lost: tuple[Served, Path]) -> None:
    served, away = lost
    pods = served.pods
    served.until_reason("VersionNotFound")
    served.folder.move_back(1, away)
    served.until_done()
    assert served.answers("stable") == [1, 1]
    assert served.pods == pods


def test_beside_a_ready_pod_nothing_waits_for_the_others(alone: Served) -> None:
    """One pod's node is cut off from the cluster, and its clients are not: it is told like the others."""
    unready, ready = alone.pods
    unready.cut_off()
    alone.folder.publish(2)
    alone.edit(versionLabels={"stable": 2})
    alone.until(lambda: alone.answers("stable") == [2])
    alone.until_step("Done")
    alone.until(lambda: asking.label_version(unready.address, NAME, "stable") == 2)
    assert (ready.ready, unready.ready) == (True, False)

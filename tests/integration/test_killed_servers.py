"""Servers that die while they serve, all of them at once: no version is to blame, and nothing is taken back for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.api_client import Api
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet import asking
from testing.fleet.model_folder import ModelFolder
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
    return [asking.version_states(pod.address, NAME).get(SLOW) for pod in served.pods if pod.ready]


def test_the_version_that_is_being_loaded_is_not_blamed(loading: Served) -> None:
    """Nor is the configuration with which they start again replaced by the new one, which nobody has tried."""
    before, pods = loading.committed(), loading.pods
    for pod in pods:
        pod.kill()
    failed = loading.until_reason("ModelServerFailed")
    loading.until(lambda: states(loading) == ["LOADING", "LOADING"])
    assert "exit code 137 while it served" in failed["message"]
    assert loading.committed() == before == ([1], {"stable": 1})
    assert loading.answers("stable") == [1, 1]
    assert loading.pods == pods
    assert [pod.restarts for pod in pods] == [1, 1]
    loading.folder.finish(SLOW)
    loading.until_done()
    assert loading.answers("stable") == [SLOW, SLOW]
    assert loading.pods == pods
    assert loading.events("VersionFailed") == []

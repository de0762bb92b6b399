"""What rollouts cost the API server, counted in its audit log: nothing at rest, and little for a label move."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from testing.api_client import Api
from testing.control_plane.control_plane import ControlPlane
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.fleet import writes
from testing.fleet.model_folder import ModelFolder
from testing.fleet.served import NAME, Served, serving

BAD, MISSING = 9, 77
FAILS, WAITS = "fails", "waits"
REST_SECONDS = 10.0
SETTLE_SECONDS = 3.0

STATUS = f"patch tfmodels/status {NAME}"
CONFIG_MAP = f"patch configmaps {NAME}-config"


@pytest.fixture(scope="module")
def troubled(
    api: Api, operator: OperatorProcess, folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Another TFModel: a canary of one of its models cannot be loaded, and that of the other has no folder."""
    folder.publish_damaged(BAD)
    at_rest = _models(folder, {FAILS: {"stable": 1}, WAITS: {"stable": 1}})
    with_canaries = _models(folder, {FAILS: {"stable": 1, "canary": BAD}, WAITS: {"stable": 1, "canary": MISSING}})
    spec: dict[str, Any] = {"modelUri": None, "versionLabels": None, "replicas": 1, "models": at_rest}
    with serving(api, folder, tmp_path_factory.mktemp("troubled"), **spec) as served:
        served.edit(models=with_canaries)
        served.until_step("Withdraw", FAILS)
        served.until(lambda: f"folder {MISSING}" in served.rollout(WAITS)["message"])
        yield served


def _models(folder: ModelFolder, labels: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    return [{"name": name, "modelUri": folder.uri, "versionLabels": chosen} for name, chosen in labels.items()]


def test_at_rest_nothing_is_written(control_plane: ControlPlane, served: Served, troubled: Served) -> None:
    """Fulfilled: nothing at all. With a version that failed, and one that is looked for: two words about it at most."""
    time.sleep(SETTLE_SECONDS)
    fulfilled, failed = (len(writes(control_plane, each.namespace)) for each in (served, troubled))
    time.sleep(REST_SECONDS)
    assert writes(control_plane, served.namespace)[fulfilled:] == []
    made = writes(control_plane, troubled.namespace)[failed:]
    assert made in ([], [STATUS], [STATUS] * 2)


def test_a_label_move_to_a_loaded_version(control_plane: ControlPlane, served: Served) -> None:
    """One write of the ConfigMap, few of the status, and one reload a pod."""
    served.edit(versionLabels={"canary": 2})
    served.until_done()
    time.sleep(SETTLE_SECONDS)
    before, reloads = len(writes(control_plane, served.namespace)), [pod.reloads() for pod in served.pods]
    served.edit(versionLabels={"stable": 2, "canary": 1})
    served.until_done()
    time.sleep(SETTLE_SECONDS)
    made = writes(control_plane, served.namespace)[before:]
    assert made.count(CONFIG_MAP) == 1
    assert 1 <= made.count(STATUS) <= 3
    assert set(made) == {CONFIG_MAP, STATUS}
    assert [pod.reloads() - count for pod, count in zip(served.pods, reloads, strict=True)] == [1, 1]

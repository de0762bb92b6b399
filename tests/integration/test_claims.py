"""Models on a claim: what is wrong with a folder is said by the pods' agents, and helped by what is there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import Api
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.model_folder import ModelFolder
from testing.fleet.served import Served, serving

LABELS = {"stable": 1, "canary": 2}


@pytest.fixture
def folder(saved_model: Path, tmp_path: Path) -> ModelFolder:
    """The folder `mnist` of the claim, with versions 1 and 2."""
    made = ModelFolder(tmp_path / "claim" / "mnist", saved_model)
    made.publish(1, 2)
    return made


@pytest.fixture
def served(api: Api, operator: OperatorProcess, folder: ModelFolder, tmp_path: Path) -> Iterator[Served]:
    with serving(api, folder, tmp_path / "pods", on_claim=True, versionLabels=LABELS) as found:
        yield found


def test_a_folder_that_vanishes_is_named_with_the_label_that_needs_it_and_harms_no_other(served: Served) -> None:
    with served.heard("stable") as heard:
        served.folder.remove(2)
        said = served.until_reason("VersionNotFound")["message"]
        assert "pvc://store/mnist: version 2 is gone since 2" in said
        assert said.endswith("; label canary needs it")
        served.until(lambda: any("version 2 is gone since" in note for note in served.events("VersionNotFound")))
        served.edit(versionLabels={"canary": 1})
        served.until_done()
    assert [answers.runs for answers in heard] == [[1], [1]]
    assert served.answers("canary") == [1, 1]


def test_it_is_served_again_once_it_is_back(served: Served) -> None:
    served.folder.remove(2)
    served.until_reason("VersionNotFound")
    served.folder.publish(2)
    served.until_done()
    assert served.answers("canary") == [2, 2]


def test_of_a_model_whose_only_version_vanished_a_label_that_is_moved_to_another_one_answers(
    api: Api, operator: OperatorProcess, folder: ModelFolder, tmp_path: Path
) -> None:
    with serving(api, folder, tmp_path / "pods", on_claim=True) as served:
        pods = served.pods
        folder.remove(1)
        served.until_reason("VersionNotFound")
        served.edit(versionLabels={"stable": 2})
        served.until_done()
        assert served.answers("stable") == [2, 2]
        assert served.pods == pods


def test_a_folder_that_is_missing_at_the_start_holds_the_servers_back_until_it_is_there(
    api: Api, operator: OperatorProcess, folder: ModelFolder, tmp_path: Path
) -> None:
    folder.remove(1, 2)
    with serving(api, folder, tmp_path / "pods", on_claim=True, await_done=False) as served:
        said = served.until_reason("NoVersions")["message"]
        assert "pvc://store/mnist: the folder is empty" in said
        served.until(lambda: len(served.pods) == 2)
        assert [pod.log.exists() for pod in served.pods] == [False, False]
        folder.publish(1)
        served.until_done()
        assert [pod.restarts for pod in served.pods] == [0, 0]


def test_a_version_in_place_of_the_base_path(
    api: Api, operator: OperatorProcess, saved_model: Path, tmp_path: Path
) -> None:
    folder = ModelFolder(tmp_path / "claim" / "mnist", saved_model)
    folder.publish(1)
    wrong: dict[str, Any] = {"modelUri": "pvc://store/mnist/1", "versionLabels": {"stable": 1}}
    with serving(api, folder, tmp_path / "pods", on_claim=True, await_done=False, **wrong) as served:
        said = served.until_reason("NoVersions")["message"]
        assert "saved_model.pb lies right here" in said
        assert "name the folder above, pvc://store/mnist" in said
        served.edit(modelUri="pvc://store/mnist")
        served.until_done()


def test_latest_finds_what_is_published_and_starts_by_name(
    api: Api, operator: OperatorProcess, folder: ModelFolder, tmp_path: Path
) -> None:
    policy: dict[str, Any] = {"versionLabels": None, "versionPolicy": {"latest": 1}}
    with serving(api, folder, tmp_path / "pods", on_claim=True, replicas=1, **policy) as served:
        [pod] = served.pods
        starting = (pod.log.parent / "starting" / "models.config").read_text()
        assert "specific { versions: 2 }" in starting
        folder.publish(3)
        served.until(lambda: served.available() == [[3]])

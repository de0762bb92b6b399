"""What is bad is made good: on disk, where a version is tried again after the back-off, short here; or in the spec."""

import itertools
from pathlib import Path

import pytest

from testing.api_client import Api
from testing.control_plane.operator_process import FLAGS, OperatorProcess
from testing.fleet.model_folder import ModelFolder
from testing.fleet.served import NAME, Served, serving

_NUMBERS = itertools.count(9)
RECOVERY_SECONDS = 120.0


@pytest.fixture(scope="module")
def operator_flags() -> tuple[str, ...]:
    return (*FLAGS, "--retry-seconds=1")


@pytest.fixture
def bad() -> int:
    """A version of which no test has told: a server lists what has failed for as long as it lives."""
    return next(_NUMBERS)


def test_a_corrected_folder_recovers_without_a_restart(served: Served, bad: int) -> None:
    """It is tried again, in vain at first; no label moves before it is good."""
    served.folder.publish_damaged(bad)
    pods = [(pod.name, pod.restarts) for pod in served.pods]
    with served.heard("stable") as heard:
        served.edit(versionLabels={"stable": bad})
        served.until_reason("VersionFailed")
        served.until(lambda: min(attempts(served, bad)) >= 2, RECOVERY_SECONDS)
        assert served.committed() == ([1], {"stable": 1})
        served.folder.publish(bad)
        served.until_done(RECOVERY_SECONDS)
    assert [answers.runs for answers in heard] == [[1, bad], [1, bad]]
    assert [(pod.name, pod.restarts) for pod in served.pods] == pods
    assert served.committed() == ([bad], {"stable": bad})


def attempts(served: Served, version: int) -> list[int]:
    """How often each pod was given the version to load, the server's own retries not counted."""
    line = f"] Loading servable version {{name: {NAME} version: {version}}}"
    return [pod.log.read_text().count(line) for pod in served.pods]


def test_a_bad_version_that_is_taken_out_of_the_spec_is_forgotten(served: Served, bad: int) -> None:
    served.folder.publish_damaged(bad)
    served.edit(versionLabels={"canary": bad})
    served.until_reason("VersionFailed")
    served.edit(versionLabels={"canary": None})
    served.until_done()
    assert served.available() == [[1], [1]]
    assert served.condition("Progressing")["status"] == "True"


def test_a_missing_folder_is_said_and_waited_for(served: Served, bad: int) -> None:
    """A pod that ends meanwhile comes up well; the folder appears later."""
    before = served.config_map()
    served.edit(versionLabels={"stable": bad})
    said = served.until_reason("VersionNotFound", "Progressing")
    assert said["status"] == "False"
    assert f"no server finds a folder {bad} below {served.folder.path}; looked for since " in said["message"]
    assert served.rollout()["step"] == "Load"
    served.until(lambda: f"version {bad}: no server finds a folder" in "".join(served.events("VersionNotFound")))
    served.restart(served.pods[0])
    assert served.answers("stable") == [1, 1]
    assert served.config_map() == before
    served.folder.publish(bad)
    served.until_done()
    assert served.answers("stable") == [bad, bad]


def test_a_missing_folder_and_a_corrected_spec(served: Served, bad: int) -> None:
    served.edit(versionLabels={"stable": bad})
    served.until_step("Load")
    served.edit(versionLabels={"stable": 2})
    served.until_done()
    assert served.answers("stable") == [2, 2]


def test_the_very_first_version_is_bad_and_a_corrected_spec_serves(
    api: Api, operator: OperatorProcess, folder: ModelFolder, tmp_path: Path
) -> None:
    """Its servers end before they open their ports: nothing that works was ever committed."""
    folder.publish_damaged(4)
    with serving(api, folder, tmp_path, await_done=False, versionLabels={"stable": 4}) as served:
        said = served.until_reason("ModelServerFailed")
        assert "OUT_OF_RANGE" in said["message"]
        served.edit(versionLabels={"stable": 1})
        served.until_done(40)
        assert served.answers("stable") == [1, 1]
        assert served.committed() == ([1], {"stable": 1})


def test_the_very_first_folder_appears_after_the_pods(
    api: Api, operator: OperatorProcess, saved_model: Path, tmp_path: Path
) -> None:
    folder = ModelFolder(tmp_path / "model", saved_model)
    with serving(api, folder, tmp_path / "pods", await_done=False, versionLabels={"stable": 1}) as served:
        waiting = served.until_step("Wait")
        assert str(folder.path) in waiting["message"]
        folder.publish(1)
        served.until_done()
        assert served.answers("stable") == [1, 1]

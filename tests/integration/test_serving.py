"""Versions and labels, observed from and pushed to real processes of the test double."""

import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import Api, Manifest
from testing.control_plane.operator_process import pretty
from testing.fleet.fleet import condition, tfmodel, wait_for_children, wait_for_reason
from testing.fleet.model_servers import ModelServer, make_pod, model_server, set_deployment_complete
from testing.loopback import fresh_address
from testing.waiting import eventually
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.config_text import models_config
from tfs_operator.domain.model_config import aspired_config

pytestmark = pytest.mark.usefixtures("operator")


@pytest.fixture
def base_path(tmp_path: Path, saved_model: Path) -> Path:
    """Versions 1 and 2 are good, 3 is damaged."""
    base = tmp_path / "mnist"
    for version in ("1", "2"):
        shutil.copytree(saved_model, base / version)
    (base / "3").mkdir()
    (base / "3" / "saved_model.pb").write_bytes(b"not a graph")
    return base


@pytest.fixture
def manifest(api: Api, namespace: str, base_path: Path) -> Manifest:
    """A TFModel of two replicas that serves version 1 as stable."""
    return api.create(tfmodel(namespace, modelUri=f"file://{base_path}", replicas=2, rollout={"bakeSeconds": 0}))


@pytest.fixture
def servers(api: Api, manifest: Manifest, tmp_path: Path) -> Iterator[list[ModelServer]]:
    """Both replicas are up and Ready."""
    namespace = manifest["metadata"]["namespace"]
    wait_for_children(api, namespace, "mnist")
    parsed = TFModel.parse(manifest)
    text = models_config(aspired_config("mnist", parsed.spec))
    with (
        model_server(fresh_address(), text, tmp_path) as first,
        model_server(fresh_address(), text, tmp_path) as second,
    ):
        make_pod(api, manifest, "mnist-a", first.address)
        make_pod(api, manifest, "mnist-b", second.address)
        set_deployment_complete(api, namespace, "mnist")
        wait_for_reason(api, namespace, "mnist", "Serving")
        yield [first, second]


def status(api: Api, manifest: Manifest) -> Manifest:
    live = api.get("TFModel", manifest["metadata"]["namespace"], "mnist")
    return dict((live or {}).get("status", {}))


def label_version(address: str, label: str) -> int | None:
    """The version that a server answers for a label."""
    url = f"http://{address}:8501/v1/models/mnist/labels/{label}/metadata"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(json.load(answer)["model_spec"]["version"])
    except urllib.error.HTTPError as error:
        error.close()
        return None


def change(api: Api, manifest: Manifest, **spec: Any) -> None:
    api.patch("TFModel", manifest["metadata"]["namespace"], "mnist", {"spec": spec})


def test_the_status_holds_every_version_and_label_of_every_pod(
    api: Api, manifest: Manifest, servers: list[ModelServer]
) -> None:
    eventually(lambda: "verified" in status(api, manifest)["models"][0]["versions"][0])
    found = status(api, manifest)
    namespace = manifest["metadata"]["namespace"]
    version = {"version": 1, "state": "AVAILABLE", "availableReplicas": 2, "labels": ["stable"], "message": ""}
    version["verified"] = {"outcome": "Good", "message": ""}
    [model] = found["models"]
    rollout = model.pop("rollout")
    assert model == {"name": "mnist", "labels": {"stable": 1}, "versions": [version], "fetching": []}
    assert (rollout["step"], rollout["message"]) == ("Done", "version 1 on 2 pods")
    assert found["availableVersions"] == "1"
    assert (found["replicas"], found["readyReplicas"]) == (2, 2)
    assert found["endpoints"] == {
        "rest": f"http://mnist.{namespace}.svc.cluster.local:8501",
        "grpc": f"mnist.{namespace}.svc.cluster.local:8500",
    }
    assert {c["type"]: c["status"] for c in found["conditions"]} == dict.fromkeys(
        ("Ready", "ModelsFetched", "VersionsAvailable", "LabelsApplied", "Progressing"), "True"
    )


def test_a_new_version_with_a_label_is_served_by_every_pod(
    api: Api, manifest: Manifest, servers: list[ModelServer]
) -> None:
    change(api, manifest, versionLabels={"canary": 2})
    wait_for_reason(api, manifest["metadata"]["namespace"], "mnist", "Serving")
    assert [label_version(server.address, "canary") for server in servers] == [2, 2]
    assert [label_version(server.address, "stable") for server in servers] == [1, 1]
    assert status(api, manifest)["availableVersions"] == "1,2"


def test_a_label_that_moves_to_a_version_not_loaded_yet_always_answers(
    api: Api, manifest: Manifest, servers: list[ModelServer]
) -> None:
    change(api, manifest, versionLabels={"stable": 2})
    answers: set[int | None] = set()

    def moved() -> bool:
        answers.update(label_version(server.address, "stable") for server in servers)
        return status(api, manifest).get("availableVersions") == "2"

    eventually(moved, explain=lambda: pretty(status(api, manifest)))
    assert answers == {1, 2}


def test_a_label_that_is_taken_away_no_longer_answers(api: Api, manifest: Manifest, servers: list[ModelServer]) -> None:
    change(api, manifest, versionLabels={"stable": None, "canary": 1})
    eventually(lambda: [label_version(server.address, "stable") for server in servers] == [None, None])
    assert [label_version(server.address, "canary") for server in servers] == [1, 1]


def test_a_version_that_cannot_load_is_said_in_the_servers_words(
    api: Api, manifest: Manifest, servers: list[ModelServer]
) -> None:
    change(api, manifest, versionLabels={"canary": 3})
    found = wait_for_reason(api, manifest["metadata"]["namespace"], "mnist", "VersionFailed")
    assert "model mnist version 3 on pod mnist-" in found["message"]  # whichever tells first
    row = next(row for row in status(api, manifest)["models"][0]["versions"] if row["version"] == 3)
    assert row["state"] == "END"
    assert row["message"]
    progressing = condition(api.get("TFModel", manifest["metadata"]["namespace"], "mnist"), "Progressing")
    assert (progressing["status"], progressing["reason"]) == ("False", "VersionFailed")
    assert [label_version(server.address, "stable") for server in servers] == [1, 1]


def test_latest_serves_the_newest_version(
    api: Api, manifest: Manifest, servers: list[ModelServer], base_path: Path
) -> None:
    change(api, manifest, versionLabels=None, versionPolicy={"latest": 2})
    shutil.rmtree(base_path / "3")
    eventually(
        lambda: status(api, manifest)["availableVersions"] == "1,2", explain=lambda: pretty(status(api, manifest))
    )


def test_a_configuration_is_pushed_once(api: Api, manifest: Manifest, servers: list[ModelServer]) -> None:
    change(api, manifest, versionLabels={"canary": 1})
    wait_for_reason(api, manifest["metadata"]["namespace"], "mnist", "Serving")
    before = [server.reloads() for server in servers]
    api.patch("TFModel", manifest["metadata"]["namespace"], "mnist", {"metadata": {"labels": {"a": "b"}}})
    time.sleep(5)
    assert [server.reloads() for server in servers] == before
    assert all(before)


def test_a_silent_pod_is_said_and_holds_up_only_itself(
    api: Api, manifest: Manifest, servers: list[ModelServer]
) -> None:
    make_pod(api, manifest, "mnist-c", fresh_address())
    namespace = manifest["metadata"]["namespace"]
    found = wait_for_reason(api, namespace, "mnist", "ModelServerUnreachable", "VersionsAvailable")
    assert "pod mnist-c is ready but does not answer" in found["message"]
    change(api, manifest, versionLabels={"canary": 2})
    eventually(lambda: [label_version(server.address, "canary") for server in servers] == [2, 2])

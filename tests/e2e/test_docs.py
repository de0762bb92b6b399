"""docs/rollouts.md, lifecycle.md, models.md and security.md, run as a user would: every command, in one shell."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.local_cluster import model
from testing.local_cluster.commands import ROOT
from testing.local_cluster.kubectl import Kubectl
from tests.e2e.support import bucket, page

SECONDS = 400


@pytest.fixture
def published(claim: Kubectl, version_1: model.Trained, version_2: model.Trained, damaged: Path) -> Kubectl:
    """Versions 1 and 2, and a version 3 that cannot be loaded; nothing is left of the page before."""
    claim("delete", "tfmodel", "mnist", "--ignore-not-found", "--timeout=180s", seconds=190)
    pods = ("pods", "--selector", "app.kubernetes.io/instance=mnist")
    claim("delete", *pods, "--grace-period=1", "--timeout=180s", seconds=190)
    for version, folder in enumerate((version_1.folder, version_2.folder, damaged), start=1):
        model.publish(claim, folder, "mnist", version)
    return claim


def test_every_command_of_the_page_on_rollouts_works(kubeconfig: Path, published: Kubectl) -> None:
    output = page.run(ROOT / "docs" / "rollouts.md", kubeconfig, published, SECONDS)
    assert output.count("condition met") == 6
    assert re.search(r"^mnist +True +Serving +1,2 +1 +2 +3 ", output, re.MULTILINE), "the canary"
    assert re.search(r"^Bake: version 1: kept until ", output, re.MULTILINE), "the promotion"
    assert re.search(r"^mnist +False +VersionFailed +1(,2)? +1 +3 ", output, re.MULTILINE), "the bad version"
    assert re.search(r"stable 1 → 2 on 3/3 pods in \d+\.\d+ s$", output, re.MULTILINE), "the history"
    assert re.search(r"Warning +VersionFailed .*version 3 .*; labels stay: stable → 1$", output, re.MULTILINE)


def test_every_command_of_the_page_on_the_life_of_a_pod_works(kubeconfig: Path, published: Kubectl) -> None:
    output = page.run(ROOT / "docs" / "lifecycle.md", kubeconfig, published, SECONDS)
    assert output.count("condition met") == 3
    assert "- --grpc_channel_arguments=grpc.max_connection_age_ms=2500\n" in output
    assert "terminationGracePeriodSeconds: 10\n" in output
    endpoints = re.findall(r"^mnist-\S+ (\{.*\})$", output, re.MULTILINE)
    told = {(e["ready"], e["serving"], e["terminating"]) for e in map(json.loads, endpoints)}
    assert {(False, True, True), (True, True, False)} <= told


@pytest.fixture
def uploading(namespace: Kubectl, version_1: model.Trained, version_2: model.Trained) -> Iterator[dict[str, str]]:
    """What the page on models takes for granted: a bucket, and two SavedModels."""
    with bucket.running(namespace) as made:
        address = str(made.store.config["endpoint"])
        yield {"S3_URL": address, "V1": str(version_1.folder), "V2": str(version_2.folder), **bucket.SECRET}


def test_every_command_of_the_page_on_models_works(
    kubeconfig: Path, namespace: Kubectl, uploading: dict[str, str]
) -> None:
    said = page.run(ROOT / "docs" / "models.md", kubeconfig, namespace, SECONDS, uploading)
    assert said.count("condition met") == 5
    rows = re.findall(r"^digits +(\w+) +(\w+) +([0-9,]+) ", said, re.MULTILINE)
    assert rows[:3] == [("True", "Serving", "1"), ("True", "Serving", "1"), ("True", "Serving", "1,2")]
    assert rows[3][2].startswith("1"), "the rollback"
    assert re.search(r"s3://models/digits: version 2: it has no saved_model\.pb yet", said), "half an upload"
    assert re.search(r"version 2: in place", said), "the fetcher's log"


def test_every_command_of_the_page_on_security_works(kubeconfig: Path, published: Kubectl) -> None:
    """And the key is where it should be: in memory, and for the model server."""
    published("apply", "-f", str(ROOT / "examples" / "mnist" / "tfmodel.yaml"))
    published("wait", "--for=condition=Ready", "tfmodel/mnist", "--timeout=120s", seconds=130)
    said = page.run(ROOT / "docs" / "security.md", kubeconfig, published, SECONDS)
    assert said.count("condition met") == 1
    published("patch", "tfmodel", "mnist", "--type=merge", "-p", '{"spec": {"versionLabels": {"stable": 2}}}')
    moved = "--for=jsonpath={.status.models[0].labels.stable}=2"
    published("wait", moved, "tfmodel/mnist", "--timeout=180s", seconds=190)
    mounted = published("exec", "deployment/mnist", "-c", "model-server", "--", "cat", "/proc/mounts")
    assert "tmpfs /etc/tfs-operator-tls tmpfs ro" in mounted
    assert "tfs-operator-tls-secret" not in mounted

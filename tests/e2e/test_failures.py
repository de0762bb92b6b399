"""Versions that cannot load: said in the server's own words, where they are looked for, and nothing else suffers."""

from pathlib import Path

import pytest

from testing.clients import digits
from testing.local_cluster import incarnation, model
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.model import Trained
from testing.local_cluster.tfmodel import TFModel

SERVERS_WORDS = "saved_model.pb"


def manifest(name: str, path: str, **labels: int) -> Manifest:
    spec = {"modelUri": f"pvc://models/{path}", "versionLabels": labels, "rollout": {"drainSeconds": 1}}
    return {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def published(claim: Kubectl, version_1: Trained, damaged: Path) -> Kubectl:
    """`good` has version 1, and a damaged version 2; `broken` has nothing but a damaged version 1."""
    model.publish(claim, version_1.folder, "good", 1)
    model.publish(claim, damaged, "good", 2)
    model.publish(claim, damaged, "broken", 1)
    return claim


@pytest.fixture
def good(published: Kubectl) -> TFModel:
    published.apply(manifest("good", "good", stable=1))
    tfmodel = TFModel(published, "good")
    tfmodel.wait("Ready")
    return tfmodel


def assert_serves(tfmodel: TFModel, label: str, version: Trained) -> None:
    asked = digits.images(version)
    with tfmodel.forward() as (url, _):
        answers = digits.client.ask_rest(url, tfmodel.name, label, asked)
    assert digits.same(answers, digits.locally(version.folder, asked))


def test_a_model_that_cannot_load_is_not_ready_and_says_why(good: TFModel, version_1: Trained) -> None:
    neighbour = incarnation.of(good)
    broken = TFModel(good.kubectl, "broken")
    good.kubectl.apply(manifest("broken", "broken", stable=1))
    ready = broken.wait("Ready", "False", reason="IncompleteVersion")
    assert SERVERS_WORDS in ready["message"]
    progressing = broken.wait("Progressing", "False", reason="IncompleteVersion")
    assert SERVERS_WORDS in progressing["message"]
    assert broken.live()["status"]["readyReplicas"] == 0

    assert incarnation.of(good) == neighbour
    assert good.condition("Ready")["status"] == "True"
    assert_serves(good, "stable", version_1)


def test_a_broken_model_that_is_repaired_becomes_ready(published: Kubectl, version_1: Trained) -> None:
    broken = TFModel(published, "broken")
    published.apply(manifest("broken", "broken", stable=1))
    broken.wait("Ready", "False", reason="IncompleteVersion")
    model.publish(published, version_1.folder, "broken", 1)
    broken.wait("Ready", seconds=180)  # the kubelet restarts the server after up to 80 s
    assert_serves(broken, "stable", version_1)
    published("delete", "tfmodel", "broken", "--timeout=120s", seconds=130)


def test_a_new_version_that_cannot_load_leaves_the_old_one_serving(good: TFModel, version_1: Trained) -> None:
    before = incarnation.of(good)
    good.kubectl.apply(manifest("good", "good", stable=1, canary=2))
    ready = good.wait("Ready", "False", reason="VersionFailed")
    assert SERVERS_WORDS in ready["message"]
    assert "version 2" in ready["message"]
    good.wait("Progressing", "False", reason="VersionFailed")

    [status] = good.live()["status"]["models"]
    assert status["labels"] == {"stable": 1}
    failed = next(each for each in status["versions"] if each["version"] == 2)
    assert failed["state"] == "END"
    assert SERVERS_WORDS in failed["message"]
    assert_serves(good, "stable", version_1)

    good.kubectl.apply(manifest("good", "good", stable=1))
    good.wait("Ready")
    assert incarnation.of(good) == before

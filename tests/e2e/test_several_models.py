"""Several models in one server, each with its own path, versions and labels."""

from pathlib import Path
from typing import Any

import pytest

from testing.clients import asking, digits, load
from testing.local_cluster import incarnation, model, node
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.model import Trained
from testing.local_cluster.pods import is_ready
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import eventually
from tests.e2e.support.scene import WAIT_SECONDS, assert_all_answered, assert_answered


def item(name: str, **labels: int) -> dict[str, Any]:
    return {"name": name, "modelUri": f"pvc://models/{name}", "versionLabels": labels}


def manifest(*models: dict[str, Any]) -> Manifest:
    spec = {"models": list(models), "rollout": {"drainSeconds": 1}}
    return {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "metadata": {"name": "both"}, "spec": spec}


@pytest.fixture(scope="module")
def published(claim: Kubectl, version_1: Trained, version_2: Trained, damaged: Path) -> Kubectl:
    model.publish(claim, version_1.folder, "left", 1)
    model.publish(claim, version_2.folder, "right", 1)
    model.publish(claim, version_1.folder, "right", 2)
    model.publish(claim, damaged, "right", 3)
    return claim


@pytest.fixture
def both(published: Kubectl) -> TFModel:
    published.apply(manifest(item("left", stable=1), item("right", stable=1)))
    tfmodel = TFModel(published, "both")
    tfmodel.wait("Ready")
    return tfmodel


def test_each_model_answers_under_its_name(both: TFModel, version_1: Trained, version_2: Trained) -> None:
    asked = digits.images(version_1)
    with both.forward() as (url, address):
        for name, trained in (("left", version_1), ("right", version_2)):
            local = digits.locally(trained.folder, asked)
            assert digits.same(digits.client.ask_rest(url, name, "stable", asked), local)
            assert digits.same(digits.client.ask_grpc(address, name, "stable", asked), local)


def test_the_status_has_each_model(both: TFModel) -> None:
    status = both.live()["status"]
    assert {each["name"]: each["labels"] for each in status["models"]} == {
        "left": {"stable": 1},
        "right": {"stable": 1},
    }


def test_a_label_of_one_model_moves_alone(both: TFModel, version_1: Trained) -> None:
    before, asked = incarnation.of(both), digits.images(version_1)
    both.kubectl.apply(manifest(item("left", stable=1), item("right", stable=2)))
    both.wait("Ready")
    local = digits.locally(version_1.folder, asked)
    with both.forward() as (url, _):
        for name in ("left", "right"):  # version 2 of right is what left has as version 1
            assert digits.same(digits.client.ask_rest(url, name, "stable", asked), local)
    assert incarnation.of(both) == before


def test_a_version_that_cannot_load_leaves_the_other_model_alone(
    both: TFModel, version_1: Trained, version_2: Trained
) -> None:
    before, asked = incarnation.of(both), digits.images(version_1)
    both.kubectl.apply(manifest(item("left", stable=1), item("right", stable=1, canary=3)))
    ready = both.wait("Ready", "False", reason="VersionFailed")
    assert "model right version 3" in ready["message"]
    with both.forward() as (url, _):
        for name, trained in (("left", version_1), ("right", version_2)):
            answers = digits.client.ask_rest(url, name, "stable", asked)
            assert digits.same(answers, digits.locally(trained.folder, asked))
    assert incarnation.of(both) == before


def test_a_model_with_a_typo_freezes_no_other(both: TFModel, version_1: Trained) -> None:
    """It is said of which model and of which folder; the labels of the others move and roll back meanwhile."""
    asked = digits.images(version_1)
    typo = {"name": "third", "modelUri": "pvc://models/thrid", "versionLabels": {"stable": 1}}
    both.kubectl.apply(manifest(item("left", stable=1), item("right", stable=1), typo))
    both.wait("Ready", "False")
    both.kubectl.apply(manifest(item("left", stable=1), item("right", stable=2), typo))
    eventually(lambda: labels(both).get("right") == {"stable": 2}, what="the label of right to move")
    local = digits.locally(version_1.folder, asked)
    with both.forward() as (url, _):
        for name in ("left", "right"):
            assert digits.same(digits.client.ask_rest(url, name, "stable", asked), local)
    ready = both.wait("Ready", "False", reason="NoVersions")
    assert "model third" in ready["message"]
    assert "pvc://models/thrid: there is no such folder" in ready["message"]
    both.kubectl.apply(manifest(item("left", stable=1), item("right", stable=1)))
    both.wait("Ready")
    assert labels(both) == {"left": {"stable": 1}, "right": {"stable": 1}}


def test_the_loss_of_one_model_is_said_and_leaves_the_other_reachable(
    both: TFModel, version_1: Trained, version_2: Trained
) -> None:
    """Of the first one, which a probe of the server by its models would ask for."""
    question = digits.question("right", "stable", {1: version_2, 2: version_1})
    in_loader = ["exec", model.LOADER, "--", "sh", "-c"]
    before = incarnation.of(both)
    with (
        node.service_from_outside(both) as (url, address),
        load.steady(asking.by_both(url, address, question), load.Bounds(rate=5, seconds=400)) as running,
    ):
        running.await_more(1, WAIT_SECONDS)
        both.kubectl(*in_loader, "cd /models/left && mv 1 gone")
        try:
            ready = both.wait("Ready", "False", reason="VersionNotFound", seconds=WAIT_SECONDS)
            running.await_more(10, WAIT_SECONDS)
            assert [is_ready(pod) for pod in both.pods()] == [True]
        finally:
            both.kubectl(*in_loader, "cd /models/left && mv gone 1")
        both.wait("Ready", seconds=WAIT_SECONDS)
        running.await_more(1, WAIT_SECONDS)
        report = running.report()
    assert "pvc://models/left" in ready["message"]
    assert "stable" in ready["message"]
    assert_all_answered(report)
    assert_answered(report, 1)
    assert incarnation.of(both) == before


def labels(tfmodel: TFModel) -> dict[str, dict[str, int]]:
    return {each["name"]: each["labels"] for each in tfmodel.live()["status"]["models"]}

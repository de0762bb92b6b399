"""examples/mnist/tfmodel.yaml, applied as it is: served, changed, disturbed and deleted."""

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from testing.clients import digits
from testing.local_cluster import incarnation, model
from testing.local_cluster.commands import ROOT, run
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.model import Trained
from testing.local_cluster.tfmodel import CHILD_KINDS, TFModel
from testing.waiting import eventually

EXAMPLE: Manifest = yaml.safe_load((model.EXAMPLE / "tfmodel.yaml").read_text())


def labelled(**labels: int) -> Manifest:
    """The example with other version labels."""
    return {**EXAMPLE, "spec": {**EXAMPLE["spec"], "versionLabels": labels}}


@pytest.fixture(scope="module")
def published(claim: Kubectl, version_1: Trained, version_2: Trained) -> Kubectl:
    model.publish(claim, version_1.folder, "mnist", 1)
    model.publish(claim, version_2.folder, "mnist", 2)
    return claim


@pytest.fixture
def mnist(published: Kubectl) -> TFModel:
    """Ready, and as in the example's file, whatever the test before has made of it."""
    published.apply(model.EXAMPLE / "tfmodel.yaml")
    tfmodel = TFModel(published, "mnist")
    tfmodel.wait("Ready")
    return tfmodel


def labels(tfmodel: TFModel) -> dict[str, int]:
    """As the pods answer them."""
    answered: dict[str, int] = tfmodel.live()["status"]["models"][0].get("labels", {})
    return answered


def states(tfmodel: TFModel) -> dict[int, str]:
    return {each["version"]: each["state"] for each in tfmodel.live()["status"]["models"][0]["versions"]}


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=15) as response:
        return str(response.read().decode())


def test_rest_answers_as_the_model_does_locally(mnist: TFModel, version_1: Trained) -> None:
    asked = digits.images(version_1)
    with mnist.forward() as (url, _):
        answers = digits.client.ask_rest(url, "mnist", None, asked)
    assert digits.same(answers, digits.locally(version_1.folder, asked))


def test_grpc_answers_as_the_model_does_locally(mnist: TFModel, version_1: Trained) -> None:
    asked = digits.images(version_1)
    with mnist.forward() as (_, address):
        answers = digits.client.ask_grpc(address, "mnist", None, asked)
    assert digits.same(answers, digits.locally(version_1.folder, asked))


def test_a_label_is_a_route_on_both_protocols(mnist: TFModel, version_1: Trained) -> None:
    asked = digits.images(version_1)
    with mnist.forward() as (url, address):
        by_rest = digits.client.ask_rest(url, "mnist", "stable", asked)
        by_grpc = digits.client.ask_grpc(address, "mnist", "stable", asked)
    local = digits.locally(version_1.folder, asked)
    assert digits.same(by_rest, local)
    assert digits.same(by_grpc, local)


def test_the_status_says_what_the_pods_serve(mnist: TFModel) -> None:
    status = mnist.live()["status"]
    assert {c["type"]: c["status"] for c in status["conditions"]} == {
        "Ready": "True",
        "ModelsFetched": "True",
        "VersionsAvailable": "True",
        "LabelsApplied": "True",
        "Progressing": "True",
    }
    assert (status["replicas"], status["readyReplicas"]) == (1, 1)
    [served] = status["models"]
    assert (served["name"], served["labels"]) == ("mnist", {"stable": 1})
    [first] = [each for each in served["versions"] if each["version"] == 1]
    assert (first["state"], first["availableReplicas"], first["labels"]) == ("AVAILABLE", 1, ["stable"])


def test_the_endpoints_of_the_status_answer_inside_the_cluster(mnist: TFModel) -> None:
    endpoints = mnist.live()["status"]["endpoints"]
    ask = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())"
    url = f"{endpoints['rest']}/v1/models/mnist"
    status = mnist.kubectl("exec", model.LOADER, "--", "python3", "-c", ask, url)
    assert json.loads(status)["model_version_status"][0]["state"] == "AVAILABLE"
    connect = "import socket, sys; socket.create_connection(sys.argv[1].rsplit(':', 1), timeout=10)"
    mnist.kubectl("exec", model.LOADER, "--", "python3", "-c", connect, endpoints["grpc"])


def test_the_server_has_metrics(mnist: TFModel) -> None:
    with mnist.forward() as (url, _):
        assert ":tensorflow:serving:request_count" in fetch(f"{url}/monitoring/prometheus/metrics")


def test_a_second_version_and_its_label_restart_nothing(mnist: TFModel, version_1: Trained, version_2: Trained) -> None:
    """Canary, promotion and rollback: each an edit of the labels, in the same process all along."""
    before, asked = incarnation.of(mnist), digits.images(version_1)
    local = {1: digits.locally(version_1.folder, asked), 2: digits.locally(version_2.folder, asked)}
    with mnist.forward() as (url, _):
        for wanted in ({"stable": 1, "canary": 2}, {"stable": 2}, {"stable": 1}):
            mnist.kubectl.apply(labelled(**wanted))
            mnist.wait("Ready")
            assert labels(mnist) == wanted
            for label, version in wanted.items():
                answers = digits.client.ask_rest(url, "mnist", label, asked)
                assert digits.same(answers, local[version])
    assert incarnation.of(mnist) == before


def test_only_labelled_versions_stay_loaded(mnist: TFModel) -> None:
    mnist.kubectl.apply(labelled(stable=2))
    mnist.wait("Ready")

    def retired() -> bool:
        return states(mnist).get(1, "END") == "END"

    eventually(retired, 120, lambda: states(mnist), what="version 1 to be unloaded")
    assert states(mnist)[2] == "AVAILABLE"


def readme_commands() -> list[str]:
    """Those of the top README for one's own cluster; continued lines joined."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]


def test_the_commands_of_the_top_readme_work(mnist: TFModel, kubeconfig: Path) -> None:
    """Helm's as a template, since the operator is there; Docker's push needs a registry, and is not run."""
    commands = [c.replace("helm install", "helm template") for c in readme_commands() if not c.startswith("docker")]
    assert [command.split()[0] for command in commands] == ["helm", "kubectl", "kubectl", "tfs-operator"]
    for command in commands:
        run(["bash", "-c", command], seconds=120, env={"KUBECONFIG": str(kubeconfig)})


def edit_config(tfmodel: TFModel) -> None:
    change = {"data": {"models.config": "by hand"}}
    tfmodel.kubectl("patch", "configmap", "mnist-config", "--type", "merge", "--patch", json.dumps(change))


def config(tfmodel: TFModel) -> Any:
    return (tfmodel.kubectl.get("configmap", "mnist-config") or {}).get("data")


def test_a_child_edited_by_hand_is_put_right(mnist: TFModel) -> None:
    good = config(mnist)
    edit_config(mnist)
    eventually(lambda: config(mnist) == good, 120, what="the ConfigMap as before")


@pytest.mark.parametrize(
    ("kind", "name"),
    [("configmap", "mnist-config"), ("service", "mnist"), ("service", "mnist-headless"), ("deployment", "mnist")],
)
def test_a_child_deleted_by_hand_comes_back(mnist: TFModel, kind: str, name: str) -> None:
    gone = mnist.kubectl.get(kind, name)
    assert gone is not None
    mnist.kubectl("delete", kind, name)

    def back() -> bool:
        found = mnist.kubectl.get(kind, name)
        return found is not None and found["metadata"]["uid"] != gone["metadata"]["uid"]

    eventually(back, 120, what=f"another {kind} {name}")
    if kind == "deployment":
        eventually(lambda: mnist.pods(), 120, what="another pod")
    mnist.wait("Ready")
    with mnist.forward() as (url, _):
        assert "AVAILABLE" in fetch(f"{url}/v1/models/mnist")


def test_a_deleted_pod_is_replaced_and_the_model_is_ready_again(mnist: TFModel) -> None:
    before = mnist.pod()
    mnist.kubectl("delete", "pod", before["metadata"]["name"], "--wait=false")

    def not_ready() -> bool:
        return mnist.condition("Ready").get("status") != "True"

    eventually(not_ready, 120, what="the status to say that the pod is gone")
    mnist.wait("Ready")
    after = mnist.pod()
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert labels(mnist) == {"stable": 1}


@pytest.mark.alone_in_cluster
def test_a_restart_of_the_operator_changes_nothing(mnist: TFModel, operator: Kubectl) -> None:
    def written() -> dict[tuple[str, str], tuple[str, int | None]]:
        return {
            (child["kind"], child["metadata"]["name"]): (
                child["metadata"]["uid"],
                child["metadata"].get("generation") or child["metadata"]["resourceVersion"],
            )
            for child in mnist.children("configmaps,services,deployments")
        }

    before, running = written(), incarnation.of(mnist)
    operator("delete", "pods", "--selector", "app.kubernetes.io/name=tfs-operator", seconds=60)
    operator("rollout", "status", "deployment", "--timeout=180s", seconds=190)
    mnist.kubectl.apply(labelled(stable=1, canary=2))  # seen only by an operator that is at work again
    mnist.wait("Ready")
    mnist.kubectl.apply(labelled(stable=1))
    mnist.wait("Ready")
    after = written()
    changing = ("ConfigMap", "mnist-config")
    assert {**after, changing: before[changing]} == before
    assert incarnation.of(mnist) == running


def test_a_deleted_model_leaves_nothing_behind(mnist: TFModel) -> None:
    mnist.kubectl("delete", "tfmodel", "mnist", "--timeout=120s", seconds=130)

    def left() -> list[str]:
        found = mnist.children(f"{CHILD_KINDS},pods,replicasets,endpointslices")
        return [f"{each['kind']} {each['metadata']['name']}" for each in found]

    eventually(lambda: not left(), 120, left, what="every child to be gone")
    claim = mnist.kubectl.get("persistentvolumeclaim", "models")
    assert claim is not None, "the claim is the user's own"

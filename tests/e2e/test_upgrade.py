"""From the previous release to this one, and away: what is served goes on being served."""

import json
from collections.abc import Iterator

import pytest
import yaml

from testing.clients import asking, digits, load
from testing.local_cluster import chart, incarnation, model, node
from testing.local_cluster.commands import ROOT
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.model import Trained
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import eventually
from tests.e2e.support import previous

pytestmark = pytest.mark.alone_in_cluster
CRD = "tfmodels.tfs-operator.io"
OPERATOR = {"app.kubernetes.io/name": "tfs-operator"}
ROLLOUT_SECONDS = 180
BOUNDS = load.Bounds(rate=20, count=12_000, seconds=500, connection_seconds=1)
SPEC: Manifest = {
    "modelUri": "pvc://models/mnist",
    "versionLabels": {"stable": 1},
    "replicas": 2,
    "rollout": {"drainSeconds": 10},
}
METADATA: Manifest = yaml.safe_load((ROOT / chart.CHART / "Chart.yaml").read_text())
DEFINITION: Manifest = yaml.safe_load((ROOT / "crds" / "tfs-operator.io_tfmodels.yaml").read_text())


@pytest.fixture(scope="module")
def mnist(claim: Kubectl, version_1: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TFModel]:
    """Made and served by the previous release, CRD and all. This release is back in the end."""
    model.publish(claim, version_1.folder, "mnist", 1)
    before = previous.release(tmp_path_factory.mktemp("previous"))
    uninstall(claim)
    chart.install(claim, path=before.chart, operator=before.image)
    fields = known_fields(yaml.safe_load((before.chart / "files" / "tfmodels-crd.yaml").read_text()))
    assert known_fields(claim.get("crd", CRD)) == fields
    tfmodel = TFModel(claim, "mnist")
    meta = {"name": tfmodel.name}
    claim.apply({"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "metadata": meta, "spec": SPEC})
    tfmodel.wait("Ready")
    yield tfmodel
    chart.install(claim)


@pytest.fixture(scope="module")
def connect(mnist: TFModel, version_1: Trained) -> Iterator[asking.Connect]:
    question = digits.question("mnist", "stable", {1: version_1})
    with node.service_from_outside(mnist) as (url, _):
        yield asking.by_rest(url, question)


def uninstall(kubectl: Kubectl) -> None:
    chart.helm(kubectl, "uninstall", chart.RELEASE, "--namespace", chart.NAMESPACE, "--wait", seconds=90)


def released(kubectl: Kubectl) -> str:
    (release,) = json.loads(chart.helm(kubectl, "list", "--namespace", chart.NAMESPACE, "--output", "json"))
    return str(release["chart"])


def properties(schema: Manifest, path: str = "") -> set[str]:
    """Every field that the CRD knows."""
    found = {f"{path}.{name}" for name in schema.get("properties", {})}
    for name, inner in schema.get("properties", {}).items():
        found |= properties(inner, f"{path}.{name}")
    return found | (properties(schema["items"], f"{path}[]") if "items" in schema else set())


def known_fields(definition: Manifest | None) -> set[str]:
    assert definition is not None
    (version,) = definition["spec"]["versions"]
    return properties(version["schema"]["openAPIV3Schema"])


def label(mnist: TFModel, name: str) -> None:
    """One more label for version 1: once it answers, the operator that runs now has looked at everything."""
    kubectl, resource = mnist.kubectl, f"tfmodel/{mnist.name}"
    patch = json.dumps({"spec": {"versionLabels": {name: 1}}})
    kubectl("patch", resource, "--type=merge", "--patch", patch)
    path = f"--for=jsonpath={{.status.models[0].labels.{name}}}=1"
    kubectl("wait", resource, path, f"--timeout={ROLLOUT_SECONDS}s", seconds=ROLLOUT_SECONDS + 10)


def await_rollout(mnist: TFModel) -> None:
    """Until all pods are as the operator of this release wants them: where the two differ, they were replaced."""
    label(mnist, "upgraded")
    waiting = ["rollout", "status", f"deployment/{mnist.name}", f"--timeout={ROLLOUT_SECONDS}s"]
    mnist.kubectl(*waiting, seconds=ROLLOUT_SECONDS + 10)
    mnist.wait("Ready", seconds=ROLLOUT_SECONDS)


def test_an_upgrade_loses_no_request_and_brings_the_crd(mnist: TFModel, connect: asking.Connect) -> None:
    kubectl = mnist.kubectl
    assert released(kubectl) == f"tfs-operator-{previous.VERSION}"
    uid = mnist.live()["metadata"]["uid"]
    with load.steady({"REST": connect}, BOUNDS) as running:
        chart.install(kubectl)
        await_rollout(mnist)
        report = running.report()
    assert report.failures == [], str(report)
    assert released(kubectl) == f"tfs-operator-{METADATA['version']}"
    assert known_fields(kubectl.get("crd", CRD)) == known_fields(DEFINITION)
    assert mnist.live()["metadata"]["uid"] == uid


def test_uninstalling_leaves_tfmodels_and_what_they_serve_alone(
    mnist: TFModel, connect: asking.Connect, operator: Kubectl
) -> None:
    kubectl = mnist.kubectl
    children = {(each["kind"], each["metadata"]["name"]) for each in mnist.children()}
    before, uid = incarnation.of(mnist), mnist.live()["metadata"]["uid"]
    with load.steady({"REST": connect}, BOUNDS) as running:
        uninstall(kubectl)
        eventually(lambda: not operator.find("pods", OPERATOR), 120, what="the operator to be gone")
        report = running.report()
    assert report.failures == [], str(report)
    assert mnist.live()["metadata"]["uid"] == uid
    assert {(each["kind"], each["metadata"]["name"]) for each in mnist.children()} == children
    assert incarnation.of(mnist) == before
    leftovers = kubectl.find("clusterroles,clusterrolebindings", {"app.kubernetes.io/part-of": "tfs-operator"})
    assert leftovers == []


def test_installing_again_takes_them_up_where_they_are(mnist: TFModel, operator: Kubectl) -> None:
    before = incarnation.of(mnist)
    chart.install(operator)
    label(mnist, "canary")
    assert incarnation.of(mnist) == before

"""The operator, installed by Helm from the chart in this repository."""

import pytest

from hack.playground import chart
from hack.playground.commands import ROOT, run
from hack.playground.kubectl import Kubectl

TEST_SECONDS = 240


def test_the_operator_runs_under_the_restricted_pod_security_standard(operator: Kubectl) -> None:
    namespace = operator.get("namespace", chart.NAMESPACE)
    assert namespace is not None
    assert namespace["metadata"]["labels"].items() >= chart.RESTRICTED.items()
    [deployment] = operator.find("deployments", {"app.kubernetes.io/name": "tfs-operator"})
    assert deployment["status"]["readyReplicas"] == deployment["spec"]["replicas"] == 1


def test_installing_it_again_restarts_nothing(operator: Kubectl) -> None:
    def pods() -> set[str]:
        return {p["metadata"]["uid"] for p in operator.find("pods", {"app.kubernetes.io/name": "tfs-operator"})}

    before = pods()
    chart.install(operator)
    assert pods() == before


def test_kubectl_knows_the_resource(operator: Kubectl) -> None:
    assert "KIND:       TFModel" in operator("explain", "tfmodel")
    assert "versionLabels" in operator("explain", "tfmodel.spec")
    resources = operator("api-resources", "--api-group", "tfs-operator.io", "--no-headers")
    assert resources.split()[:2] == ["tfmodels", "tfm"]


@pytest.mark.parametrize("program", ["helm3", "helm4"])
def test_helm_test_makes_a_prediction_and_leaves_nothing(operator: Kubectl, program: str) -> None:
    """Helm 4 has installed the release; Helm 3 reads it too."""
    waiting = ["--logs", "--timeout", f"{TEST_SECONDS}s"]
    said = chart.helm(
        operator,
        "test",
        chart.RELEASE,
        "--namespace",
        chart.NAMESPACE,
        *waiting,
        seconds=TEST_SECONDS + 20,
        program=binary(program),
    )
    assert "Ready=True" in said
    assert "{'instances': [1.0, 2.0, 5.0]} is answered by {'predictions': [2.5, 3.0, 4.5]}" in said
    labels = {"app.kubernetes.io/component": "test"}
    left = operator.find("tfmodels,configmaps,services,serviceaccounts,roles,rolebindings,pods", labels)
    assert [(each["kind"], each["metadata"]["name"]) for each in left] == []


def binary(name: str) -> str:
    return run([str(ROOT / "hack" / "binaries.sh"), name], seconds=1500).strip()

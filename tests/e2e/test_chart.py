"""The operator, installed by Helm from the chart in this repository."""

from hack.playground import chart
from hack.playground.kubectl import Kubectl


def test_the_operator_runs_under_the_restricted_pod_security_standard(operator: Kubectl) -> None:
    namespace = operator.get("namespace", chart.NAMESPACE)
    assert namespace is not None
    assert namespace["metadata"]["labels"].items() >= chart.RESTRICTED.items()
    [deployment] = operator.find("deployments", {"app.kubernetes.io/name": "tfs-operator"})
    assert deployment["status"]["readyReplicas"] == deployment["spec"]["replicas"] == 2


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

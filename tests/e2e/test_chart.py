"""The operator, installed by Helm from the chart in this repository."""

from testing.local_cluster import chart
from testing.local_cluster.commands import ROOT, run
from testing.local_cluster.kubectl import Kubectl

TEST_SECONDS = 240


def test_the_operator_runs_under_the_restricted_pod_security_standard(operator: Kubectl) -> None:
    namespace = operator.get("namespace", chart.NAMESPACE)
    assert namespace is not None
    assert namespace["metadata"]["labels"].items() >= chart.RESTRICTED.items()
    [deployment] = operator.find("deployments", {"app.kubernetes.io/name": "tfs-operator"})
    assert deployment["status"]["readyReplicas"] == deployment["spec"]["replicas"] == 2


def test_installing_it_again_restarts_nothing(operator: Kubectl) -> None:
    """Those of another image may still be ending, where the cluster is an older one."""

    def pods() -> set[str]:
        found = [pod["metadata"] for pod in operator.find("pods", {"app.kubernetes.io/name": "tfs-operator"})]
        return {pod["uid"] for pod in found if "deletionTimestamp" not in pod}

    before = pods()
    chart.install(operator)
    assert pods() == before


def test_kubectl_knows_the_resource(operator: Kubectl) -> None:
    assert "KIND:       TFModel" in operator("explain", "tfmodel")
    assert "versionLabels" in operator("explain", "tfmodel.spec")
    resources = operator("api-resources", "--api-group", "tfs-operator.io", "--no-headers")
    assert resources.split()[:2] == ["tfmodels", "tfm"]


def test_helm_test_makes_a_prediction_and_leaves_nothing(operator: Kubectl) -> None:
    said = helm_test(operator, "helm4", "--logs")
    assert "Ready=True Serving" in said
    assert "{'instances': [1.0, 2.0, 5.0]} is answered by {'predictions': [2.5, 3.0, 4.5]}" in said
    assert left_of_the_test(operator) == []


def test_helm_test_of_helm_3_does_the_same_but_finds_no_logs_of_what_is_gone(operator: Kubectl) -> None:
    assert "Failed" not in helm_test(operator, "helm3")
    assert left_of_the_test(operator) == []


def helm_test(operator: Kubectl, program: str, *options: str) -> str:
    binary = run([str(ROOT / "hack" / "binaries.sh"), program], seconds=1500).strip()
    command = ["test", chart.RELEASE, "--namespace", chart.NAMESPACE, "--timeout", f"{TEST_SECONDS}s", *options]
    return chart.helm(operator, *command, seconds=TEST_SECONDS + 20, program=binary)


def left_of_the_test(operator: Kubectl) -> list[tuple[str, str]]:
    kinds = "tfmodels,configmaps,services,serviceaccounts,roles,rolebindings,pods"
    left = operator.find(kinds, {"app.kubernetes.io/component": "test"})
    return [(each["kind"], each["metadata"]["name"]) for each in left]

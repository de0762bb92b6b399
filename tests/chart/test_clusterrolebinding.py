"""templates/clusterrolebinding.yaml: the operator's role, to the operator alone."""

from testing.chart import without_tests

TEMPLATE = "clusterrolebinding.yaml"


def test_binds_the_role_to_the_account_in_the_release_namespace(chart):
    binding = chart.one(TEMPLATE, namespace="elsewhere")
    assert binding["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "ClusterRole",
        "name": chart.one("clusterrole.yaml")["metadata"]["name"],
    }
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "tfs-operator", "namespace": "elsewhere"}]


def test_rbac_can_be_left_to_the_administrator(chart):
    made = without_tests(chart.render("rbac.create=false", "rbac.aggregateRoles=false"))
    assert not [each for each in made if each["apiVersion"].startswith("rbac.authorization.k8s.io/")]

"""templates/role.yaml and rolebinding.yaml: the operator's rights where it watches chosen namespaces."""

from testing.chart import parse, without_tests

WATCHED = "watchNamespaces={team-a,team-b}"
CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding"}


def test_each_namespace_has_the_rules_of_the_cluster_role(chart):
    roles = parse(chart.source("role.yaml", WATCHED))
    assert [each["metadata"]["namespace"] for each in roles] == ["team-a", "team-b"]
    for each in roles:
        assert each["kind"] == "Role"
        assert each["rules"] == chart.one("clusterrole.yaml")["rules"]


def test_each_is_bound_to_the_account_in_the_release_namespace(chart):
    bindings = parse(chart.source("rolebinding.yaml", WATCHED, namespace="elsewhere"))
    assert [each["metadata"]["namespace"] for each in bindings] == ["team-a", "team-b"]
    for each in bindings:
        assert each["roleRef"]["kind"] == "Role"
        assert each["roleRef"]["name"] == chart.one("clusterrole.yaml")["metadata"]["name"]
        assert each["subjects"] == [{"kind": "ServiceAccount", "name": "tfs-operator", "namespace": "elsewhere"}]


def test_nothing_is_cluster_wide_but_what_is_for_users(chart):
    kinds = chart.kinds(WATCHED)
    assert {name for kind, name in kinds if kind in CLUSTER_WIDE} == {"tfs-operator-edit", "tfs-operator-view"}
    alone = chart.kinds(WATCHED, "rbac.aggregateRoles=false", "crds.install=false")
    assert not [kind for kind, _ in alone if kind in CLUSTER_WIDE | {"CustomResourceDefinition"}]


def test_no_roles_where_all_namespaces_are_watched_or_the_administrator_looks_after_them(chart):
    for settings in ([], [WATCHED, "rbac.create=false"]):
        manifests = without_tests(chart.render(*settings))
        assert not [each for each in manifests if each["metadata"]["name"] == "tfs-operator" and each["kind"] == "Role"]


def test_a_namespace_that_yaml_takes_for_a_number_stays_text(chart, tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text("watchNamespaces: ['1e3']\n")
    assert chart.one("role.yaml", str(values))["metadata"]["namespace"] == "1e3"
    assert chart.one("rolebinding.yaml", str(values))["metadata"]["namespace"] == "1e3"

"""templates/clusterrole-edit.yaml and clusterrole-view.yaml: what a namespace's users may do with TFModels."""

AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"


def aggregates(labels):
    return {name.removeprefix(AGGREGATE) for name in labels if name.startswith(AGGREGATE)}


def test_edit_changes_models_but_not_their_status(chart):
    role = chart.one("clusterrole-edit.yaml")
    assert aggregates(role["metadata"]["labels"]) == {"edit"}
    assert role["rules"] == [
        {
            "apiGroups": ["tfs-operator.io"],
            "resources": ["tfmodels"],
            "verbs": ["create", "update", "patch", "delete", "deletecollection"],
        },
        {
            "apiGroups": ["tfs-operator.io"],
            "resources": ["tfmodels/scale"],
            "verbs": ["get", "update", "patch"],
        },
    ]


def test_view_reads_models(chart):
    role = chart.one("clusterrole-view.yaml")
    assert aggregates(role["metadata"]["labels"]) == {"view"}
    assert role["rules"] == [
        {"apiGroups": ["tfs-operator.io"], "resources": ["tfmodels"], "verbs": ["get", "list", "watch"]}
    ]


def test_can_be_left_out_and_do_not_depend_on_the_operators_own(chart):
    assert not chart.source("clusterrole-edit.yaml", "rbac.aggregateRoles=false")
    assert not chart.source("clusterrole-view.yaml", "rbac.aggregateRoles=false")
    assert chart.one("clusterrole-view.yaml", "watchNamespaces={a}") == chart.one("clusterrole-view.yaml")


def test_the_crd_has_every_subresource_that_is_granted(chart):
    (version,) = chart.one("crd.yaml")["spec"]["versions"]
    assert {"scale", "status"} <= version["subresources"].keys()

"""templates/clusterrole.yaml: exactly what the operator may do."""

from itertools import product

from tfs_operator.cluster.kinds import RESOURCES
from tfs_operator.controller.kinds import WATCHED_KINDS

TEMPLATE = "clusterrole.yaml"
OWNED = {"get", "list", "watch", "create", "patch", "delete"}
ALLOWED = {
    ("tfs-operator.io", "tfmodels"): {"list", "watch"},
    ("tfs-operator.io", "tfmodels/status"): {"patch"},
    ("", "configmaps"): OWNED,
    ("", "services"): OWNED,
    ("apps", "deployments"): OWNED,
    ("policy", "poddisruptionbudgets"): OWNED,
    ("autoscaling", "horizontalpodautoscalers"): OWNED,
    ("keda.sh", "scaledobjects"): OWNED,
    ("networking.k8s.io", "networkpolicies"): OWNED,
    ("", "pods"): {"list", "watch"},
    ("metrics.k8s.io", "pods"): {"list"},
    ("events.k8s.io", "events"): {"create", "patch"},
}


def test_exactly_these_permissions(chart):
    granted: dict[tuple[str, str], set[str]] = {}
    for rule in chart.one(TEMPLATE)["rules"]:
        assert rule.keys() == {"apiGroups", "resources", "verbs"}
        for what in product(rule["apiGroups"], rule["resources"]):
            assert what not in granted, f"{what} is granted twice"
            granted[what] = set(rule["verbs"])
    assert granted == ALLOWED


def test_covers_what_the_operator_watches():
    watched = {located(kind) for kind in WATCHED_KINDS}
    assert watched == {what for what, verbs in ALLOWED.items() if "watch" in verbs}


def located(kind):
    group, _, _ = RESOURCES[kind].api_version.rpartition("/")
    return group, RESOURCES[kind].plural


def test_every_rule_says_why(chart):
    lines = (chart.path / "templates" / TEMPLATE).read_text().splitlines()
    rules = [number for number, line in enumerate(lines) if line.lstrip().startswith("- apiGroups")]
    assert rules
    assert all(lines[number - 1].lstrip().startswith("# ") for number in rules)


def test_no_role_has_secrets_wildcards_or_ways_to_more_rights(chart):
    roles = [each for each in chart.render("watchNamespaces={a,b}") + chart.render() if "rules" in each]
    assert {each["kind"] for each in roles} == {"ClusterRole", "Role"}
    for rule in (rule for role in roles for rule in role["rules"]):
        words = {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
        assert not any("*" in word for word in words)
        assert not words & {"secrets", "pods/exec", "pods/portforward", "impersonate", "escalate", "bind"}
        assert "nonResourceURLs" not in rule


def test_is_cluster_scoped_and_named_after_the_release(chart):
    metadata = chart.one(TEMPLATE, release="other")["metadata"]
    assert metadata["name"] == "other-tfs-operator"
    assert "namespace" not in metadata

"""templates/role-leader-election.yaml and rolebinding-leader-election.yaml: one Lease, in the release's namespace."""

ROLE = "role-leader-election.yaml"
BINDING = "rolebinding-leader-election.yaml"


def test_only_the_releases_own_lease(chart):
    role = chart.one(ROLE, release="other", namespace="elsewhere")
    assert (role["kind"], role["metadata"]["namespace"]) == ("Role", "elsewhere")
    group = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
    assert role["rules"] == [
        {**group, "verbs": ["create"]},
        {**group, "resourceNames": ["other-tfs-operator"], "verbs": ["get", "update"]},
    ]
    args = chart.one("deployment.yaml", release="other")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert "--lease-name=other-tfs-operator" in args


def test_bound_to_the_operators_account(chart):
    binding = chart.one(BINDING, namespace="elsewhere")
    assert binding["roleRef"]["name"] == chart.one(ROLE, namespace="elsewhere")["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "tfs-operator", "namespace": "elsewhere"}]

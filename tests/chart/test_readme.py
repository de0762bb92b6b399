"""README.md: its tables are made of values.yaml, values.schema.json and the roles, by hack/chart_readme.py."""

from hack import chart_readme
from hack.chart_readme import CHART


def test_tables_are_up_to_date():
    """`make generate` writes them anew."""
    readme = (CHART / "README.md").read_text()
    assert chart_readme.fresh(readme) == readme


def test_every_permission_is_listed_with_its_reason(chart):
    granted = [rule for each in operator_roles(chart.render()) for rule in each["rules"]]
    listed = [
        rule
        for name in chart_readme.ROLES
        if (chart.path / "templates" / name).exists()
        for rule in chart_readme.rules((chart.path / "templates" / name).read_text())
    ]
    assert [(rule["apiGroups"], rule["resources"], rule["verbs"]) for rule in granted] == [
        (rule.groups, rule.resources, rule.verbs) for rule in listed
    ]
    assert all(len(rule.reason) > 20 for rule in listed)


def operator_roles(manifests):
    """Those bound to the operator's account, in the order of the README."""
    roles = {(each["kind"], each["metadata"]["name"]): each for each in manifests if "rules" in each}
    bound = [
        each["roleRef"]
        for each in manifests
        if each["kind"] in {"ClusterRoleBinding", "RoleBinding"} and not each["metadata"]["name"].endswith("-test")
    ]
    return [roles[each["kind"], each["name"]] for each in bound]

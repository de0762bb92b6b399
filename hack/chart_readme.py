"""python -m hack.chart_readme [--check]: writes the generated tables of the chart's README.md.

`values`: every setting, its default from values.yaml and its meaning from values.schema.json. `permissions`: every
rule of the operator's roles, with the comment above it as the reason. With --check it writes nothing and fails when a
table is out of date.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hack.marked_tables import with_table, write_or_check

CHART = Path(__file__).parents[1] / "charts" / "tfs-operator"
README = "README.md"
RULE = re.compile(
    r"((?:^ *# .*\n)+)((?:^ *- apiGroups: .*\n)(?:^ +(?:resources|resourceNames|verbs): .*\n)+)", re.MULTILINE
)
ROLES = {
    "clusterrole.yaml": "namespaces that are watched",
    "role-leader-election.yaml": "its own namespace",
}
"""Template → where its rules hold."""

Values = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """One rule of a role in a template, which may be no YAML before it is rendered."""

    reason: str
    groups: list[str]
    resources: list[str]
    verbs: list[str]

    def row(self, where: str) -> str:
        def code(words: list[str]) -> str:
            return ", ".join(f"`{word}`" for word in words)

        groups = code(self.groups).replace("``", "core")
        return f"| {groups} | {code(self.resources)} | {code(self.verbs)} | {where} | {self.reason} |\n"


def rules(template: str) -> list[Rule]:
    """All rules in the text of a template, each with the comment above it."""
    return [_rule(comment, text) for comment, text in RULE.findall(template)]


def _rule(comment: str, text: str) -> Rule:
    reason = " ".join(line.strip().removeprefix("# ") for line in comment.splitlines())
    # The names are made of the release's, and the comment says which they are.
    (parsed,) = yaml.safe_load(re.sub(r"^ +resourceNames: .*\n", "", text, flags=re.MULTILINE))
    return Rule(reason, parsed["apiGroups"], parsed["resources"], parsed["verbs"])


def permissions() -> str:
    table = "| API group | resources | verbs | in | why |\n|---|---|---|---|---|\n"
    for name, where in ROLES.items():
        template = CHART / "templates" / name
        if template.exists():
            table += "".join(rule.row(where) for rule in rules(template.read_text()))
    return table


def leaves(values: Values, schema: Values, path: str = "") -> Iterator[tuple[str, Any, str]]:
    """(path, default, description) of every setting; a filled map such as resources.limits counts as one."""
    for name, value in values.items():
        inner = schema["properties"][name]
        if value and "properties" in inner:
            yield from leaves(value, inner, f"{path}{name}.")
        else:
            yield f"{path}{name}", value, inner["description"]


def settings() -> str:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    rows = [f"| `{path}` | `{json.dumps(value)}` | {text} |\n" for path, value, text in leaves(values, schema)]
    return "".join(["| value | default | meaning |\n|---|---|---|\n", *rows])


TABLES = {"values": settings, "permissions": permissions}


def fresh(readme: str) -> str:
    """The README with every table made anew, between its two marks."""
    for name, table in TABLES.items():
        readme = with_table(readme, name, table())
    return readme


if __name__ == "__main__":
    write_or_check(CHART / README, fresh, "Writes the generated tables of the chart's README.md.")

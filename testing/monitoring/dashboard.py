"""The dashboard as Grafana reads it: its panels, their queries, its variables."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / "charts" / "tfs-operator" / "files" / "dashboards" / "tfs-operator.json"
RATE_INTERVAL = "2m"


@dataclass(frozen=True)
class Query:
    """One of a panel's. `legend` has the labels in double braces."""

    panel: str
    row: str
    expression: str
    legend: str
    unit: str
    description: str

    @property
    def identity(self) -> str:
        return f"{self.row}: {self.panel}: {self.legend}"

    def asked(self, **variables: str) -> str:
        """As Grafana asks it, with the variables' values."""
        values = {"__rate_interval": RATE_INTERVAL, "namespace": ".*", "tfmodel": ".*", **variables}
        return re.sub(r"\$([a-z_]+)", lambda found: values[found[1]], self.expression)


def dashboard() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(FILE.read_text())
    return parsed


def queries() -> list[Query]:
    """All, in the order in which they are seen."""
    return list(_queries())


def _queries() -> Iterator[Query]:
    row = ""
    for panel in dashboard()["panels"]:
        if panel["type"] == "row":
            row = panel["title"]
        for target in panel.get("targets", ()):
            unit = panel["fieldConfig"]["defaults"]["unit"]
            yield Query(panel["title"], row, target["expr"], target["legendFormat"], unit, panel["description"])


def variables() -> dict[str, tuple[str, str]]:
    """Of each variable that is queried, the label and the selector of its label_values()."""
    found = {}
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            match = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
            assert match, variable
            found[variable["name"]] = (match[2], match[1])
    return found

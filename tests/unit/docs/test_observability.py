"""docs/observability.md: what it says of metrics, of the dashboard and of logs is so."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.monitoring import dashboard, panels_table
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.metrics import Metrics
from tfs_operator.fetcher.metrics import FetcherMetrics

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "observability.md"
METRICS = re.compile(r"(<!-- metrics: .*? -->\n).*(<!-- end of metrics -->\n)", re.DOTALL)
PANELS = re.compile(r"<!-- panels: .*? -->\n(.*)<!-- end of panels -->\n", re.DOTALL)
MONITOR = ROOT / "charts" / "tfs-operator" / "templates" / "monitoring-podmonitors.yaml"
RULES = (ROOT / "charts" / "tfs-operator" / "files" / "rules.yaml").read_text()


def rows() -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Name, type, labels and help of every metric, but for those of the process."""
    metrics = Metrics()
    metrics.watch(WorkQueue())
    for collector in metrics.registry._collector_to_names:  # the registry has no other way to its label names
        if hasattr(collector, "_labelnames"):
            suffix = "_total" if collector._type == "counter" else ""
            yield collector._name + suffix, collector._type, collector._labelnames, collector._documentation
    for family in metrics.families.values():
        yield family.name, "gauge", ("namespace", "name", *family.labels), family.help


def test_the_table_of_metrics_is_that_of_the_operator() -> None:
    """`TFS_UPDATE_DOCS=1 pytest tests/unit/docs` writes it anew."""
    lines = [f"| `{name}` | {type_} | {', '.join(labels)} | {text} |\n" for name, type_, labels, text in rows()]
    table = "| metric | type | labels | meaning |\n|---|---|---|---|\n" + "".join(lines)
    expected = METRICS.sub(lambda found: found[1] + table + found[2], PAGE.read_text())
    if os.environ.get("TFS_UPDATE_DOCS") == "1":
        PAGE.write_text(expected)
    assert PAGE.read_text() == expected


def test_no_two_metrics_have_one_name() -> None:
    names = [name for name, *_ in rows()]
    assert len(names) == len(set(names))


def test_the_table_of_panels_is_that_of_the_dashboard() -> None:
    """The values are of a run, and so others each time; that there is one for each query is what counts."""
    [shown] = PANELS.findall(PAGE.read_text())
    values = panels_table.values(shown)
    expected = panels_table.tables(dict.fromkeys(dashboard.queries(), "x"))
    assert panels_table.without_values(shown) == panels_table.without_values(expected)
    assert len(values) == len(dashboard.queries())
    assert all(values)


def test_panels_are_described_and_have_names_of_their_own() -> None:
    panels = [panel for panel in dashboard.dashboard()["panels"] if "targets" in panel]
    assert all(panel["description"] for panel in panels)
    assert len({(panel["title"]) for panel in panels}) == len(panels)
    assert len({panel["id"] for panel in dashboard.dashboard()["panels"]}) == len(dashboard.dashboard()["panels"])


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard.dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert all(x < 24 for x, _ in cells), panel["title"]
        taken |= cells


def exported(name: str) -> bool:
    """Whether an operator, a fetcher or a model server has it, by the page or by the code."""
    stem = re.sub(r"_(bucket|sum|count)$", "", name)
    fetchers = {metric.name for metric in FetcherMetrics().registry.collect()}
    return stem in {row[0] for row in rows()} | {name for name, *_ in rows()} or re.sub("_total$", "", stem) in fetchers


OURS = re.compile(r"(?<![\w:])((?:tfmodel|tfs_operator|workqueue|controller_runtime|rest_client|leader)_\w+)")
SERVERS = set(re.findall(r"^\| `(:tensorflow:[\w:]+)` \|", PAGE.read_text(), re.MULTILINE))
EXPRESSIONS = [query.expression for query in dashboard.queries()] + [RULES]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_queries_and_rules_use_metrics_that_the_page_has(expression: str) -> None:
    assert [name for name in OURS.findall(expression) if not exported(name)] == []
    servers = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r":tensorflow:[\w:]+", expression)}
    assert {name for name in servers if name not in SERVERS and f"{name}_count" not in SERVERS} == set()


def test_the_monitor_keeps_every_metric_that_the_page_has() -> None:
    [keep] = re.findall(r'regex: "(:tensorflow:.*)"\n +action: keep', MONITOR.read_text())
    histograms = {name for name in SERVERS if name.endswith("_latency") and "saved_model" not in name}
    names = {f"{name}_sum" if name in histograms else name for name in SERVERS}
    assert {name for name in names if not re.fullmatch(keep, name)} == set()


def test_the_example_of_a_log_line_has_the_fields_of_the_table() -> None:
    [block] = re.findall(r"^```json\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    fields = json.loads(block)
    table = re.findall(r"^\| (`.*?`) \| ", PAGE.read_text().split("## Logs")[1], re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(table))) == {*fields, "exception"}

"""Every query of the dashboard and every alert, asked of a Prometheus that scrapes an operator and what it serves.

`TFS_UPDATE_DASHBOARD=1 pytest tests/integration/monitoring` writes the table of panels in docs/observability.md anew.
"""

import math
import os

import pytest
import yaml

from testing.api_client import Api
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.fleet import tfmodel
from testing.fleet.served import NAME, Served
from testing.monitoring import panels_table
from testing.monitoring.dashboard import Query, queries, variables
from testing.monitoring.prometheus import Prometheus, Sample
from testing.waiting import eventually
from tests.integration.monitoring.conftest import DAMAGED, RULES

SEEN_SECONDS = 90.0
"""A scrape, an evaluation and a status poll later, on a busy machine."""

WITHOUT_DATA = {
    "GPUs: GPU utilization": "comes from NVIDIA's dcgm-exporter, and needs a GPU",
    "GPUs: GPU memory used": "comes from NVIDIA's dcgm-exporter, and needs a GPU",
}
GROUPS = yaml.safe_load(RULES.read_text())["groups"]
ALERTS = {rule["alert"]: rule for group in GROUPS for rule in group["rules"] if "alert" in rule}


def has_data(samples: list[Sample]) -> bool:
    return any(math.isfinite(value) for _, value in samples)


def panel(query: Query) -> str:
    return f"{query.row}: {query.panel}"


@pytest.mark.parametrize("query", queries(), ids=lambda query: query.identity)
def test_every_query_of_the_dashboard_has_data(story: Prometheus, query: Query) -> None:
    expression = query.asked()
    if panel(query) in WITHOUT_DATA:
        assert story.query(expression) == [], "it has data now: take it out of WITHOUT_DATA"
        return
    eventually(
        lambda: has_data(story.query(expression)), SEEN_SECONDS, lambda: f"{expression}: {story.query(expression)}"
    )


@pytest.mark.parametrize("query", queries(), ids=lambda query: query.identity)
def test_the_labels_of_every_legend_are_there(story: Prometheus, query: Query) -> None:
    """A legend with a label that the query does not have is an empty word on the screen."""
    if panel(query) in WITHOUT_DATA:
        return
    named = set(panels_table.LABEL.findall(query.legend))
    samples = eventually(lambda: story.query(query.asked()), SEEN_SECONDS)
    assert all(named <= labels.keys() for labels, _ in samples), f"{query.legend}: {samples}"


def test_panels_without_data_exist() -> None:
    assert WITHOUT_DATA.keys() <= {panel(query) for query in queries()}


def test_every_variable_has_values(story: Prometheus, fleet: Served) -> None:
    asked = {name: (label, selector.replace("$namespace", ".*")) for name, (label, selector) in variables().items()}
    found = {name: story.label_values(*label_and_selector) for name, label_and_selector in asked.items()}
    assert fleet.namespace in found["namespace"]
    assert {NAME, "fetched"} <= set(found["tfmodel"])


def test_variables_narrow_every_query(story: Prometheus) -> None:
    """One of a TFModel that does not exist is empty, or counts nothing; those of the operator know no TFModel."""
    narrowed = [query for query in queries() if "$tfmodel" in query.expression]
    assert len(narrowed) > 20
    for query in narrowed:
        assert not any(value for _, value in story.query(query.asked(tfmodel="nobody"))), query


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_can_be_evaluated(story: Prometheus, name: str) -> None:
    story.query(ALERTS[name]["expr"])


def test_every_rule_was_evaluated_without_an_error(story: Prometheus) -> None:
    assert story.unhealthy_rules() == {}


def test_the_alert_on_a_version_that_failed_to_load_sees_the_damaged_one(story: Prometheus) -> None:
    expression = ALERTS["TFModelVersionFailed"]["expr"]
    [(labels, _)] = eventually(lambda: story.query(expression), SEEN_SECONDS)
    assert (labels["name"], labels["version"]) == (NAME, str(DAMAGED))


def test_the_alert_on_labels_sees_the_one_that_waits_for_the_damaged_version(story: Prometheus) -> None:
    expression = ALERTS["TFModelLabelNotAnswered"]["expr"]
    found = eventually(lambda: [each for each in story.query(expression) if each[0]["name"] == NAME], SEEN_SECONDS)
    assert [(labels["label"], value) for labels, value in found] == [("canary", 2)]


def test_callers_errors_and_probes_are_no_errors(story: Prometheus) -> None:
    """Two of ten requests are the caller's mistakes."""
    wrong = ':tensorflow:serving:request_count{status=~"INVALID_ARGUMENT|NOT_FOUND"}'
    eventually(lambda: has_data(story.query(wrong)), SEEN_SECONDS)
    assert [value for _, value in story.query("tfmodel:requests_error_ratio:rate5m") if value] == []


def test_series_have_the_tfmodels_labels_and_those_of_tfmodels_their_own_namespace(
    story: Prometheus, fleet: Served
) -> None:
    [(served, _)] = story.query(
        f'count by (namespace, tfmodel) (:tensorflow:serving:request_count{{tfmodel="{NAME}"}})'
    )
    assert served == {"namespace": fleet.namespace, "tfmodel": NAME}
    pods = {labels["pod"] for labels, _ in story.query(":tensorflow:serving:request_count")}
    assert pods == {pod.name for pod in fleet.pods}
    [(info, _)] = story.query(f'tfmodel_info{{name="{NAME}"}}')
    assert (info["namespace"], info["pod"]) == (fleet.namespace, "tfs-operator-0")
    assert "exported_namespace" not in info


def test_what_is_scraped_of_a_server_is_bounded(story: Prometheus) -> None:
    """A real server has some 1,000 series; no probe has a bucket."""
    [(_, most)] = story.query('max(scrape_samples_post_metric_relabeling{job="rest"})')
    assert most < 300
    assert story.query(':tensorflow:serving:request_latency_bucket{API=""}') == []
    assert story.query('count(:tensorflow:serving:request_latency_count{API=""})')


def test_the_tables_of_panels_can_be_made(story: Prometheus) -> None:
    """Late, since by now everything has data."""
    tables = panels_table.tables({query: value_now(story, query) for query in queries()})
    if os.environ.get("TFS_UPDATE_DASHBOARD") == "1":
        panels_table.write(tables)
    assert len(panels_table.values(tables)) == len(queries())


def value_now(prometheus: Prometheus, query: Query) -> str:
    why_not = WITHOUT_DATA.get(panel(query))
    return f"({why_not})" if why_not else panels_table.value_of(query, prometheus.query(query.asked()))


def test_a_tfmodel_that_is_deleted_vanishes(api: Api, operator: OperatorProcess, namespace: str) -> None:
    api.create(tfmodel(namespace, "brief"))
    mine = f'namespace="{namespace}",name="brief"'
    eventually(lambda: mine in operator.get("/metrics")[1])
    api.delete("TFModel", namespace, "brief")
    eventually(lambda: mine not in operator.get("/metrics")[1], explain=lambda: operator.get("/metrics")[1])

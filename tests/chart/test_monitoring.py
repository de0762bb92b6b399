"""templates/monitoring-*.yaml: PodMonitors, the PrometheusRule and the dashboard's ConfigMap."""

import json
import re

import pytest
import yaml

from tests.chart.conftest import CHART, StrictLoader
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.model_config import aspired_config
from tfs_operator.render import Settings, children

MONITORS = "monitoring-podmonitors.yaml"
RULE = "monitoring-prometheusrule.yaml"
DASHBOARD = "monitoring-dashboard.yaml"
SCRAPED, ALERTED, SHOWN = (
    f"monitoring.{name}.enabled=true" for name in ("podMonitor", "prometheusRule", "grafanaDashboard")
)
FETCHERS = "monitoring.podMonitor.fetchers=true"
RULES = yaml.load((CHART / "files" / "rules.yaml").read_text(), StrictLoader)


def monitors(chart, *settings):
    """The one for model servers, and the operator's."""
    models, operator = (each for each in chart.render(SCRAPED, *settings) if each["kind"] == "PodMonitor")
    return models, operator


def serving_pod():
    """The template of a pod that serves a model from a store."""
    metadata = {"name": "mnist", "namespace": "ml", "uid": "u", "resourceVersion": "1", "generation": 1}
    tfmodel = TFModel.parse(
        {
            "apiVersion": "tfs-operator.io/v1alpha1",
            "kind": "TFModel",
            "metadata": metadata,
            "spec": {"modelUri": "s3://models/mnist"},
        }
    )
    made = children(tfmodel, aspired_config("mnist", tfmodel.spec), Settings())
    return next(child["spec"]["template"] for child in made if child["kind"] == "Deployment")


def test_nothing_of_it_is_there_by_default(chart):
    kinds = {kind for kind, _ in chart.kinds()}
    assert not kinds & {"PodMonitor", "PrometheusRule"}
    assert not [name for kind, name in chart.kinds() if kind == "ConfigMap" and "dashboard" in name]


def test_the_models_monitor_finds_what_the_operator_renders(chart):
    models, _ = monitors(chart, FETCHERS)
    pod = serving_pod()
    assert models["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    containers = pod["spec"]["containers"] + pod["spec"]["initContainers"]
    ports = {port["name"] for container in containers for port in container.get("ports", ())}
    assert {endpoint["port"] for endpoint in models["spec"]["podMetricsEndpoints"]} <= ports
    assert models["spec"]["namespaceSelector"] == {"any": True}


@pytest.mark.parametrize(("settings", "ports"), [([], ["rest"]), ([FETCHERS], ["rest", "fetch"])])
def test_fetchers_are_left_alone_unless_asked_for(chart, settings, ports):
    """Their port takes orders, too."""
    models, _ = monitors(chart, *settings)
    assert [endpoint["port"] for endpoint in models["spec"]["podMetricsEndpoints"]] == ports


def test_models_are_scraped_where_the_operator_watches(chart):
    models, _ = monitors(chart, "watchNamespaces={ml,research}")
    assert models["spec"]["namespaceSelector"] == {"matchNames": ["ml", "research"]}


def test_series_of_models_get_namespace_tfmodel_and_pod(chart):
    models, _ = monitors(chart, FETCHERS)
    for endpoint in models["spec"]["podMetricsEndpoints"]:
        assert {each["targetLabel"]: each["sourceLabels"] for each in endpoint["relabelings"]} == {
            "namespace": ["__meta_kubernetes_namespace"],
            "tfmodel": ["__meta_kubernetes_pod_label_app_kubernetes_io_instance"],
            "pod": ["__meta_kubernetes_pod_name"],
        }


def test_the_operators_monitor_finds_its_pod_and_keeps_the_namespaces_of_tfmodels(chart):
    _, operator = monitors(chart)
    template = chart.one("deployment.yaml")["spec"]["template"]
    assert operator["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert operator["spec"]["namespaceSelector"] == {"matchNames": ["tfs"]}
    (endpoint,) = operator["spec"]["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["path"], endpoint["honorLabels"]) == ("http", "/metrics", True)
    assert endpoint["port"] in {port["name"] for port in template["spec"]["containers"][0]["ports"]}


def test_scraping_can_be_set(chart):
    monitor = "monitoring.podMonitor"
    relabeling = f"{monitor}.metricRelabelings[0]"
    settings = [f"{monitor}.interval=1m", f"{monitor}.scrapeTimeout=5s", f"{monitor}.sampleLimit=7"]
    models, operator = monitors(chart, *settings, f"{relabeling}.action=labeldrop", f"{relabeling}.regex=entrypoint")
    endpoints = models["spec"]["podMetricsEndpoints"] + operator["spec"]["podMetricsEndpoints"]
    assert {(endpoint["interval"], endpoint["scrapeTimeout"]) for endpoint in endpoints} == {("1m", "5s")}
    assert models["spec"]["sampleLimit"] == 7
    assert endpoints[0]["metricRelabelings"][-1] == {"action": "labeldrop", "regex": "entrypoint"}


@pytest.mark.parametrize(
    "setting", ["interval=often", "scrapeTimeout=1", "sampleLimit=-1", "metricRelabelings[0].to=x"]
)
def test_what_prometheus_would_refuse_is_refused(chart, setting):
    assert "monitoring" in chart.refusal(f"monitoring.podMonitor.{setting}")


def test_labels_lead_a_prometheus_to_all_of_them_and_replace_none(chart):
    settings = ["monitoring.labels.release=prom", r"monitoring.labels.app\.kubernetes\.io/name=other"]
    found = [each for each in chart.render(SCRAPED, ALERTED, *settings) if each["apiVersion"].startswith("monitoring.")]
    assert len(found) == 3
    for each in found:
        assert each["metadata"]["labels"]["release"] == "prom"
        assert each["metadata"]["labels"]["app.kubernetes.io/name"] == "tfs-operator"


def test_the_rules_are_those_of_the_file(chart):
    assert chart.one(RULE, ALERTED)["spec"] == RULES


def test_alerts_can_be_left_out(chart):
    every = {rule["alert"] for group in RULES["groups"] for rule in group["rules"] if "alert" in rule}
    left = ["TFModelLatencyHigh", "TFModelServerNotScraped"]
    settings = [f"monitoring.prometheusRule.disabled[{number}]={name}" for number, name in enumerate(left)]
    groups = chart.one(RULE, ALERTED, *settings)["spec"]["groups"]
    assert {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule} == every - set(left)


def test_a_group_without_rules_is_left_out(chart):
    operator = [rule["alert"] for rule in RULES["groups"][-1]["rules"]]
    settings = [f"monitoring.prometheusRule.disabled[{number}]={name}" for number, name in enumerate(operator)]
    assert len(chart.one(RULE, ALERTED, *settings)["spec"]["groups"]) == len(RULES["groups"]) - 1


def test_runbooks_can_be_elsewhere(chart):
    where = "https://wiki.example/tfs"
    groups = chart.one(RULE, ALERTED, f"monitoring.prometheusRule.runbookUrl={where}")["spec"]["groups"]
    runbooks = [rule["annotations"]["runbook_url"] for group in groups for rule in group["rules"] if "alert" in rule]
    assert runbooks
    assert all(re.fullmatch(rf"{where}#tfmodel[a-z]+", runbook) for runbook in runbooks)


def test_the_dashboard_is_found_by_grafanas_sidecar(chart):
    config_map = chart.one(DASHBOARD, SHOWN, "monitoring.grafanaDashboard.annotations.grafana_folder=TensorFlow")
    assert config_map["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert config_map["metadata"]["annotations"] == {"grafana_folder": "TensorFlow"}
    dashboard = json.loads(config_map["data"]["tfs-operator.json"])
    assert dashboard == json.loads((CHART / "files" / "dashboards" / "tfs-operator.json").read_text())

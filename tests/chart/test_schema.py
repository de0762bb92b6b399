"""values.schema.json: a value works or is refused."""

import json
from pathlib import Path

import pytest
import yaml

CHART = Path(__file__).parents[2] / "charts" / "tfs-operator"
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
PEERS = ("networkPolicy.from", "networkPolicies.clients", "networkPolicies.monitoring")
OPEN = {
    "global",
    "affinity.nodeAffinity",
    "affinity.podAffinity",
    "affinity.podAntiAffinity",
    "extraEnv[].valueFrom",
    *(f"{peers}[].{kind}" for peers in PEERS for kind in ("namespaceSelector", "podSelector", "ipBlock")),
    "topologySpreadConstraints[].labelSelector",
}
"""Kubernetes' own types, which the API server checks."""
OF_KUBERNETES = ("tolerations[].", "affinity.", "topologySpreadConstraints[].", *(f"{peers}[]." for peers in PEERS))


def settings(schema, path=""):
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}{name}", inner
        yield from settings(inner, f"{path}{name}.")
        yield from settings(inner.get("items", {}), f"{path}{name}[].")


@pytest.mark.parametrize(
    "setting",
    [
        "replica=2",
        "leaderElection.enabled=true",
        "image.name=x",
        "serverImages.tpu=x",
        "serviceAccount.automount=true",
        "rbac.secrets=true",
        "metrics.enabled=true",
        "metrics.service.type=NodePort",
        "resources.claims=x",
        "imagePullSecrets[0].secret=x",
        "tolerations[0].keys=x",
        "affinity.nodeAffinities=x",
        "extraEnv[0].key=x",
        "podDisruptionBudget.minAvailable=1",
        "networkPolicy.egress=x",
        "test.modelUri=x",
    ],
)
def test_unknown_names_are_refused(chart, setting):
    unknown = setting.partition("=")[0].rpartition(".")[2]
    refusal = chart.refusal(setting)
    assert unknown in refusal
    assert "additional properties" in refusal.lower()


@pytest.mark.parametrize(
    "setting",
    [
        "replicas=0",
        "replicas=6",
        "leaderElection.leaseDurationSeconds=2",
        "leaderElection.retryPeriodSeconds=0",
        "workers=many",
        "replicas=-1",
        "watchNamespaces=team-a",
        "watchNamespaces={Team_A}",
        "watchNamespaces={a,a}",
        "commonLabels.team=two words",
        "extraArgs={verbose}",
        "extraEnv[0].value=x",
        "podDisruptionBudget.maxUnavailable=0",
        "podDisruptionBudget.maxUnavailable=all",
        "networkPolicy.from=monitoring",
        "networkPolicies.clients=monitoring",
        "networkPolicies.monitoring[0].namespace=monitoring",
        "test.timeoutSeconds=5m",
        "workers=0",
        "workers=1.5",
        "statusPollSeconds=0",
        "statusPollSeconds=30s",
        "retrySeconds=0",
        "allowHostPath=yes",
        "crds.install=1",
        "rbac.create=maybe",
        "image.tag=1",
        "image.tag=a b",
        "image.repository=",
        "image.digest=abc",
        "image.pullPolicy=Sometimes",
        "serverImages.cpu=",
        "serverImages.gpu=two words",
        "clusterDomain=UPPER",
        "podLabels.version=1",
        "nodeSelector=disk",
        "tolerations=all",
        "imagePullSecrets[0]=name",
        "fullnameOverride=Not_a_name",
        "resources.limits.memory=true",
    ],
)
def test_wrong_values_are_refused(chart, setting):
    refusal = chart.refusal(setting)
    assert "values don't meet the specifications of the schema" in refusal


def test_helms_own_global_is_accepted_because_a_parent_chart_passes_it(chart):
    assert chart.render("global.region=eu") == chart.render()


def test_every_object_is_closed_or_a_map_of_a_type():
    assert SCHEMA["additionalProperties"] is False
    for path, schema in settings(SCHEMA):
        for part in (schema, schema.get("items", {})):
            if part.get("type") == "object" and path not in OPEN:
                assert "additionalProperties" in part, f"{path} takes anything"
                assert part["additionalProperties"] is not True


def test_every_setting_is_described():
    bare = {path for path, schema in settings(SCHEMA) if not schema.get("description")}
    assert {path for path in bare if not path.startswith(OF_KUBERNETES)} == set()


def test_schema_and_values_have_the_same_names(values):
    def names(value, schema, path):
        yield path
        if "properties" in schema and isinstance(value, dict):
            for key, inner in value.items():
                yield from names(inner, schema["properties"].get(key, {}), f"{path}.{key}".lstrip("."))

    declared = {path for path, _ in settings(SCHEMA) if "[]" not in path and not path.startswith("affinity.")}
    assert set(names(values, SCHEMA, "")) - {""} == declared - {"global"}


def test_every_setting_in_values_is_commented_beneath():
    """Each key is followed by its comment, or opens a group whose keys are."""
    lines = [line for line in (CHART / "values.yaml").read_text().splitlines() if line.strip()]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        key = line.strip()
        if key.startswith("#") or following.strip().startswith("#"):
            continue
        opens = key.endswith(":") and len(following) - len(following.lstrip()) > len(line) - len(key)
        quantity = line.startswith("    ") and key.startswith(("cpu:", "memory:"))
        assert opens or quantity, f"`{key}` has no comment beneath it"


def test_defaults_are_valid(chart, values, tmp_path):
    everything = tmp_path / "values.yaml"
    everything.write_text(yaml.safe_dump(values))
    assert chart.render(str(everything)) == chart.render()

"""Parts of other objects have the fields of those objects: by the API server's own schemas, and KEDA's definition."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from testing.api_client import Api, Manifest
from testing.control_plane.control_plane import ROOT
from testing.schema.schema_cases import nodes
from tfs_operator.api.crd import custom_resource_definition

NODES = dict(nodes(custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]))
KUBERNETES = {
    "spec.podTemplate.affinity": "io.k8s.api.core.v1.Affinity",
    "spec.podTemplate.topologySpreadConstraints[]": "io.k8s.api.core.v1.TopologySpreadConstraint",
    "spec.podTemplate.tolerations[]": "io.k8s.api.core.v1.Toleration",
    "spec.server.env[]": "io.k8s.api.core.v1.EnvVar",
    "spec.storage.env[]": "io.k8s.api.core.v1.EnvVar",
    "spec.networkPolicy.allowFrom[]": "io.k8s.api.networking.v1.NetworkPolicyPeer",
    "spec.autoscaling.metrics[]": "io.k8s.api.autoscaling.v2.MetricSpec",
    "spec.autoscaling.behavior": "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior",
}
KEDA = {
    "spec.autoscaling.keda.triggers[]": "spec.triggers[]",
    "spec.autoscaling.keda.fallback": "spec.fallback",
    "spec.autoscaling.keda.scalingModifiers": "spec.advanced.scalingModifiers",
}
LEFT_OUT = ".valueFrom.fileKeyRef"
"""It reads a file of a volume of the pod, and the volumes of these pods are the operator's."""

Fields = dict[str, frozenset[str]]
"""Path within the type → the names that are required there."""


def fields(schema: Manifest, definitions: Manifest, path: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    """Every field of a type, but for those that are left out."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    yield path, frozenset(schema.get("required", ()))
    for name, member in schema.get("properties", {}).items():
        if not f"{path}.{name}".endswith(LEFT_OUT):
            yield from fields(member, definitions, f"{path}.{name}")
    for key, mark in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(schema.get(key), dict):
            yield from fields(schema[key], definitions, path + mark)


def assert_alike(path: str, theirs: Fields) -> None:
    """A field that is required there is required here. Here more are: what Kubernetes checks beyond its schema."""
    ours = dict(fields(NODES[path], {}))
    assert ours.keys() == theirs.keys()
    assert {at: names - ours[at] for at, names in theirs.items() if names - ours[at]} == {}


@pytest.fixture(scope="module")
def definitions(api: Api) -> Manifest:
    found: Manifest = api.request("GET", "/openapi/v2")["definitions"]
    return found


@pytest.mark.parametrize(("path", "name"), KUBERNETES.items(), ids=KUBERNETES)
def test_a_type_of_kubernetes_has_its_fields(definitions: Manifest, path: str, name: str) -> None:
    assert_alike(path, dict(fields(definitions[name], definitions)))


@pytest.fixture(scope="module")
def scaled_object() -> Manifest:
    path = subprocess.run(
        [ROOT / "hack/keda-crd.sh"], stdout=subprocess.PIPE, text=True, check=True, timeout=600
    ).stdout
    definition = yaml.safe_load(Path(path.strip()).read_text())
    return dict(nodes(definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]))


@pytest.mark.parametrize(("path", "its_path"), KEDA.items(), ids=KEDA)
def test_a_type_of_keda_has_its_fields(scaled_object: Manifest, path: str, its_path: str) -> None:
    assert_alike(path, dict(fields(scaled_object[its_path], {})))

"""Every rule of the schema, asked of a real kube-apiserver; and the Python half, which must answer the same."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from testing.api_client import Api, Manifest, Refused
from testing.control_plane.control_plane import TESTER, ControlPlane, binary
from testing.schema.schema_cases import CASES, Case, constraints, nodes, places, tfmodel
from testing.schema.values import MODEL
from testing.waiting import eventually
from tfs_operator.api.crd import custom_resource_definition
from tfs_operator.api.resource import InvalidTFModel, TFModel

DRY_RUN = "?dryRun=All&fieldValidation=Strict"
SCHEMA: Manifest = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
EXAMPLES = sorted((Path(__file__).parents[2] / "testing/tfmodels").glob("*.yaml"))
NODES = dict(nodes(SCHEMA))
SPEC_CASES = [case for case in CASES if not case.is_status]
STATUS_CASES = [case for case in CASES if case.is_status]
REFUSED_CASES = [case for case in SPEC_CASES if case.refused is not None]
TYPOS = [
    pytest.param(
        {"podTemplate": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecutions": {}}}}},
        "spec.podTemplate.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecutions",
        id="affinity",
    ),
    pytest.param(
        {"networkPolicy": {"allowFrom": [{"podSelector": {}}, {"podSelector": {}, "namespaceSelectors": {}}]}},
        "spec.networkPolicy.allowFrom[1].namespaceSelectors",
        id="allowFrom",
    ),
    pytest.param(
        {"server": {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b", "option": True}}}]}},
        "spec.server.env[0].valueFrom.secretKeyRef.option",
        id="env",
    ),
    pytest.param(
        {"autoscaling": {"maxReplicas": 2, "keda": {"triggers": [{"type": "cron", "metadata": {}, "metric": "a"}]}}},
        "spec.autoscaling.keda.triggers[0].metric",
        id="triggers",
    ),
]
"""What is misspelt in a spec, and its path."""


def example(name: str) -> Manifest:
    path = next(path for path in EXAMPLES if path.stem == name)
    manifest: Manifest = yaml.safe_load(path.read_text())
    manifest["metadata"] = {"name": manifest["metadata"]["name"], "namespace": "default"}
    return manifest


def asked(api: Api, manifest: Manifest) -> Manifest:
    """The object as it would be stored. Raises Refused."""
    return api.create(manifest, DRY_RUN)


def both_refuse(api: Api, manifest: Manifest) -> str:
    """The API server's words."""
    with pytest.raises(Refused) as refusal:
        asked(api, manifest)
    assert refusal.value.status in (400, 422)
    with pytest.raises(InvalidTFModel):
        TFModel.parse(manifest)
    return refusal.value.message


def test_every_rule_of_the_schema_has_a_case_that_is_accepted_and_one_that_is_refused() -> None:
    rules = sorted(constraints(SCHEMA))
    assert sorted({(case.path, case.constraint) for case in CASES}) == rules
    assert sorted({(case.path, case.constraint) for case in CASES if case.refused is not None}) == rules


@pytest.mark.parametrize("case", SPEC_CASES, ids=str)
def test_what_keeps_the_rule_is_accepted_and_parses_to_the_same_before_and_after(api: Api, case: Case) -> None:
    """So both halves have the same defaults, too."""
    stored = asked(api, case.accepted)
    assert TFModel.parse(stored).spec == TFModel.parse(case.accepted).spec


@pytest.mark.parametrize("case", REFUSED_CASES, ids=str)
def test_what_breaks_the_rule_is_refused_with_the_field_and_the_reason(api: Api, case: Case) -> None:
    assert case.refused is not None
    message = both_refuse(api, case.refused)
    assert case.words in message
    assert re.split(r"\[|[.][*]", case.path)[0] in message


@pytest.fixture(scope="module")
def stored(api: Api) -> Manifest:
    """A TFModel to write a status to."""
    return api.create(tfmodel("", {"metadata": {"name": "status-of-the-schema-tests"}, "spec": MODEL}))


@pytest.mark.parametrize("case", STATUS_CASES, ids=str)
def test_the_status_has_the_same_care(api: Api, stored: Manifest, case: Case) -> None:
    name = stored["metadata"]["name"]
    path = f"/apis/tfs-operator.io/v1alpha1/namespaces/default/tfmodels/{name}/status{DRY_RUN}"
    answer = api.request("PUT", path, {**stored, "status": case.accepted["status"]})
    assert answer["status"] == case.accepted["status"]
    assert case.refused is not None
    with pytest.raises(Refused) as refusal:
        api.request("PUT", path, {**stored, "status": case.refused["status"]})
    assert case.words in refusal.value.message
    assert re.split(r"\[|[.][*]", case.path)[0] in refusal.value.message


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_of_the_golden_tests_is_accepted(api: Api, path: Path) -> None:
    manifest = example(path.stem)
    assert TFModel.parse(asked(api, manifest)).spec == TFModel.parse(manifest).spec


def spec_places() -> list[Any]:
    """Every field of the spec, as found in the examples: (path, value, how to replace it)."""
    found: dict[str, Any] = {}
    for example_path in EXAMPLES:
        for path, value, put in places(example(example_path.stem)):
            if path.startswith("spec"):
                found.setdefault(path, pytest.param(value, put, id=path))
    return list(found.values())


def test_the_examples_have_every_field() -> None:
    fields = {path for path in NODES if path.startswith("spec") and not path.endswith("*")}
    shown = {path for example_path in EXAMPLES for path, _, _ in places(example(example_path.stem))}
    assert fields - shown == set()


@pytest.mark.parametrize(("value", "put"), spec_places())
def test_a_value_of_a_wrong_type_is_refused(api: Api, value: Any, put: Any) -> None:
    wrong_type = "x" if isinstance(value, (dict, list, bool)) else True
    assert "must be of type" in both_refuse(api, put(wrong_type))


@pytest.mark.parametrize(
    ("value", "put"), [place for place in spec_places() if "properties" in NODES.get(place.id, {})]
)
def test_an_unknown_field_is_refused(api: Api, value: Manifest, put: Any) -> None:
    assert 'unknown field "spec.' in both_refuse(api, put({**value, "modelURI": "x"}))


def test_pythons_own_spelling_of_a_field_is_refused(api: Api) -> None:
    assert "unknown field" in both_refuse(api, tfmodel("spec", {"model_uri": "file:///m"}))


@pytest.mark.parametrize(
    "spec",
    [
        {"versions": None, "versionPolicy": None, "versionLabels": None, "models": None},
        {"replicas": None, "gpus": None, "suspend": None},
        {"server": None, "rollout": None, "podTemplate": None, "service": None},
        {"server": {"image": None, "env": [{"name": "A", "value": None}]}, "service": {"restPort": None}},
    ],
)
def test_a_null_field_is_a_field_left_out(api: Api, spec: Manifest) -> None:
    manifest = tfmodel("spec", {**MODEL, **spec})
    assert TFModel.parse(asked(api, manifest)).spec == TFModel.parse(manifest).spec


@pytest.mark.parametrize(("spec", "path"), TYPOS)
def test_kubectl_refuses_a_typo_with_its_path(
    control_plane: ControlPlane, api: Api, tmp_path: Path, spec: Manifest, path: str
) -> None:
    manifest = tfmodel("", {"metadata": {"name": "misspelt"}, "spec": {**MODEL, **spec}})
    file = tmp_path / "tfmodel.json"
    file.write_text(json.dumps(manifest))
    kubeconfig = f"--kubeconfig={control_plane.kubeconfig(TESTER)}"
    command = [str(binary("kubectl")), "apply", f"--filename={file}", kubeconfig]
    applied = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert applied.returncode != 0
    assert f'unknown field "{path}"' in applied.stderr
    assert api.get("TFModel", "default", "misspelt") is None
    with pytest.raises(InvalidTFModel, match=rf"^{path.replace('[', '.').replace(']', '')}: "):
        TFModel.parse(manifest)


@pytest.mark.parametrize(
    "path", ["spec", "spec.models", "spec.server", "spec.podTemplate", "spec.podTemplate.affinity.podAffinity"]
)
def test_kubectl_explains_every_field(control_plane: ControlPlane, path: str) -> None:
    """The descriptions end up where users look for them, once the API server has published them."""
    kubeconfig = f"--kubeconfig={control_plane.kubeconfig(TESTER)}"
    command = [str(binary("kubectl")), "explain", f"tfmodel.{path}", kubeconfig]

    def explained() -> str:
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout

    explanation = " ".join(str(eventually(explained)).split())
    members = NODES.get(f"{path}[]", NODES[path])["properties"]
    for name, member in members.items():
        assert f"{name} <" in explanation
        assert " ".join(member["description"].split()) in explanation

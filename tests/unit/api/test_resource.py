"""The TFModel as a whole: what is filled in, what is refused, and in which words."""

from typing import Any

import pytest
from pydantic import ValidationError

from testing.schema.storage_cases import PATH, SCHEME
from tests.unit.api.specs import URI, manifest, parsed, problems
from tfs_operator.api.resource import InvalidTFModel, TFModel

RULES = "set exactly one of modelUri (one model) and models (several models in one server)"


def test_a_uri_is_all_that_a_spec_needs() -> None:
    spec = parsed(modelUri=URI)
    assert spec.model_dump(by_alias=True, exclude_none=True) == {
        "modelUri": URI,
        "replicas": 1,
        "gpus": 0,
        "storage": {"anonymous": False, "copy": False, "pollIntervalSeconds": 60},
        "server": {},
        "rollout": {
            "loadTimeoutSeconds": 600,
            "trialSeconds": 3,
            "extraPod": False,
            "bakeSeconds": 30,
            "drainSeconds": 15,
            "surgeTimeoutSeconds": 60,
            "verify": {"madeUp": True, "allowSignatureChange": False},
        },
        "podTemplate": {},
        "service": {"type": "ClusterIP", "restPort": 8501, "grpcPort": 8500},
        "networkPolicy": {"enabled": True},
        "suspend": False,
    }


def test_the_metadata_has_what_rendering_needs() -> None:
    document = manifest(modelUri=URI)
    document["metadata"] = {"name": "a", "namespace": "b", "uid": "c", "generation": 4, "labels": {"x": "y"}}
    metadata = TFModel.parse(document).metadata
    assert (metadata.name, metadata.namespace, metadata.uid, metadata.generation) == ("a", "b", "c", 4)


def test_a_namespace_and_a_uid_may_be_missing() -> None:
    metadata = TFModel.parse(manifest(modelUri=URI)).metadata
    assert (metadata.namespace, metadata.uid, metadata.generation) == ("default", "", 0)


def test_the_status_is_ignored() -> None:
    assert problems({**manifest(modelUri=URI), "status": {"nonsense": 1}}) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, f"spec: {RULES}"),
        ({"modelUri": URI, "models": [{"name": "a", "modelUri": URI}]}, f"spec: {RULES}"),
        ({"modelUri": URI, "foo": 1}, "spec.foo: Extra inputs are not permitted"),
        ({"model_uri": URI}, "spec.model_uri: Extra inputs are not permitted"),
        ({"modelUri": URI, "server": {"img": "a"}}, "spec.server.img: Extra inputs are not permitted"),
        ({"modelUri": URI, "server": {"extra_args": []}}, "spec.server.extra_args: Extra inputs are not permitted"),
        ({"modelUri": URI, "versionPolicy": {"all": {"n": 1}}}, "spec.versionPolicy.all.n: Extra inputs are"),
        ({"modelUri": "ftp://bucket/m"}, f"spec.modelUri: {SCHEME}"),
        ({"modelUri": "/models/m"}, f"spec.modelUri: {SCHEME}"),
        ({"modelUri": "pvc://models"}, f"spec.modelUri: {PATH}"),
        ({"modelUri": "file:///"}, f"spec.modelUri: {PATH}"),
        ({"modelUri": "pvc://models/a/../../b"}, "spec.modelUri: must not have '.' or '..' as a part of its path"),
        ({"modelUri": 5}, "spec.modelUri: Input should be a valid string"),
        ({"models": []}, "spec.models: List should have at least 1 item after validation, not 0"),
        (
            {"models": [{"name": "a", "modelUri": "pvc://a"}]},
            f"spec.models.0.modelUri: {PATH}",
        ),
        (
            {"models": [{"name": "a", "modelUri": URI}, {"name": "a", "modelUri": URI}]},
            "spec.models: has the same item twice",
        ),
        (
            {"modelUri": URI, "versions": [1], "versionLabels": {"stable": 2}},
            "spec: every version in versionLabels must be one of versions: add the version, or move the label",
        ),
        ({"modelUri": URI, "versions": [-1]}, "spec.versions.0: Input should be greater than or equal to 0"),
        ({"modelUri": URI, "versions": ["1"]}, "spec.versions.0: Input should be a valid integer"),
        ({"modelUri": URI, "versions": [True]}, "spec.versions.0: Input should be a valid integer"),
        ({"modelUri": URI, "versions": [2**63]}, "spec.versions.0: is above int64, TensorFlow Serving's type"),
        ({"modelUri": URI, "versionLabels": {"a": 2**63}}, "spec.versionLabels.a: is above int64"),
        ({"modelUri": URI, "versionLabels": {"a": -1}}, "spec.versionLabels.a: Input should be greater than or"),
        ({"modelUri": URI, "replicas": -1}, "spec.replicas: Input should be greater than or equal to 0"),
        ({"modelUri": URI, "gpus": -1}, "spec.gpus: Input should be greater than or equal to 0"),
        ({"modelUri": URI, "suspend": "true"}, "spec.suspend: Input should be a valid boolean"),
        (
            {"modelUri": URI, "server": {"resources": {"limits": {"cpu": 0.5}}}},
            'spec.server.resources.limits.cpu: is no quantity: a whole number, or a text such as "500m"',
        ),
    ],
)
def test_bad_input_is_named_with_its_path_and_its_reason(spec: dict[str, Any], expected: str) -> None:
    [problem] = problems(manifest(**spec))
    assert problem.startswith(expected)


def test_every_problem_is_named_at_once() -> None:
    found = problems(manifest(modelUri="ftp://x", replicas=-1, server={"image": ""}))
    assert [line.split(":")[0] for line in found] == ["spec.modelUri", "spec.replicas", "spec.server.image"]


@pytest.mark.parametrize("version", [0, 1, 2**63 - 1])
def test_every_int64_from_zero_is_a_version(version: int) -> None:
    spec = parsed(modelUri=URI, versions=[version], versionLabels={"stable": version})
    assert (spec.versions, spec.version_labels) == ([version], {"stable": version})


@pytest.mark.parametrize("name", ["a" * 53, "Mnist", "0mnist", "mnist.v2", "mnist-", "mnist\n", "größe", ""])
def test_a_name_that_no_service_can_have_is_refused(name: str) -> None:
    [problem] = problems(manifest(name, modelUri=URI))
    assert problem.startswith("metadata.name: ")


@pytest.mark.parametrize("name", ["a", "a" * 52, "mnist-2", "a0"])
def test_a_name_that_a_service_can_have_is_accepted(name: str) -> None:
    assert problems(manifest(name, modelUri=URI)) == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kind": "Deployment"}, "kind"),
        ({"apiVersion": "tfs-operator.io/v2"}, "apiVersion"),
        ({"metadata": None}, "metadata"),
        ({"metadata": {}}, "metadata.name"),
        ({"metadata": {"name": 5}}, "metadata.name"),
        ({"spec": None}, "spec"),
        ({"spec": "pvc://models/mnist"}, "spec"),
    ],
)
def test_what_is_no_tfmodel_is_refused(change: dict[str, Any], path: str) -> None:
    [problem] = problems({**manifest(modelUri=URI), **change})
    assert problem.startswith(f"{path}: ")


def test_the_error_holds_all_problems_in_one_line() -> None:
    with pytest.raises(InvalidTFModel, match=r"^spec\.replicas: .*; spec\.gpus: "):
        TFModel.parse(manifest(modelUri=URI, replicas=-1, gpus=-1))


def test_null_is_a_field_left_out() -> None:
    assert parsed(modelUri=URI, replicas=None, versions=None, server=None, rollout=None) == parsed(modelUri=URI)


def test_what_is_parsed_cannot_be_changed() -> None:
    spec = parsed(modelUri=URI)
    with pytest.raises(ValidationError, match="frozen"):
        spec.replicas = 3  # type: ignore[misc]  # it is what must not work


def test_python_writes_it_as_it_was_read() -> None:
    document = {
        "modelUri": URI,
        "versions": [2, 1],
        "versionLabels": {"b": 1, "a": 2},
        "server": {"extraArgs": ["--a"]},
    }
    dumped = parsed(**document).model_dump(by_alias=True, exclude_none=True)
    assert {key: dumped[key] for key in document} == document

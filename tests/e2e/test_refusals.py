"""What `kubectl apply` refuses, with the field and the rule in its message: the cluster never has such a TFModel."""

from typing import Any

import pytest

from testing.local_cluster.commands import CommandError
from testing.local_cluster.kubectl import Kubectl, Manifest

GOOD_URI = "pvc://models/mnist"


def tfmodel(**spec: Any) -> Manifest:
    meta = {"name": "refused"}
    return {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "metadata": meta, "spec": spec}


REFUSED = {
    "a label on a version that is not served": (
        {"modelUri": GOOD_URI, "versions": [1, 2], "versionLabels": {"stable": 3}},
        "spec",
        "every version in versionLabels must be one of versions",
    ),
    "an unknown field": (
        {"modelUri": GOOD_URI, "replica": 2},
        "spec.replica",
        "unknown field",
    ),
    "a path that climbs out of the claim": (
        {"modelUri": "pvc://models/../secrets"},
        "spec.modelUri",
        "must not have '.' or '..' as a part of its path",
    ),
    "one model and several": (
        {"modelUri": GOOD_URI, "models": [{"name": "a", "modelUri": GOOD_URI}]},
        "spec",
        "set exactly one of modelUri (one model) and models (several models in one server)",
    ),
    "no model at all": ({"replicas": 1}, "spec", "set exactly one of modelUri"),
    "versions and a policy for them": (
        {"modelUri": GOOD_URI, "versions": [1], "versionPolicy": {"latest": 2}},
        "spec",
        "versions and versionPolicy exclude each other",
    ),
    "a flag that is the operator's": (
        {"modelUri": GOOD_URI, "server": {"extraArgs": ["--model_name=other"]}},
        "spec.server.extraArgs",
        "the operator sets these flags itself",
    ),
    "a number below its minimum": (
        {"modelUri": GOOD_URI, "replicas": -1},
        "spec.replicas",
        "should be greater than or equal to 0",
    ),
}


@pytest.mark.parametrize(("spec", "field", "rule"), REFUSED.values(), ids=REFUSED.keys())
def test_an_invalid_tfmodel_is_refused(namespace: Kubectl, spec: dict[str, Any], field: str, rule: str) -> None:
    with pytest.raises(CommandError) as refusal:
        namespace.apply(tfmodel(**spec))
    assert f'"{field}"' in str(refusal.value) or f" {field}: " in str(refusal.value)
    assert rule in str(refusal.value)
    assert namespace.get("tfmodel", "refused") is None


def test_a_bad_edit_is_refused_and_the_good_spec_stays(namespace: Kubectl) -> None:
    namespace.apply(tfmodel(modelUri=GOOD_URI, versions=[1], versionLabels={"stable": 1}, replicas=0))
    with pytest.raises(CommandError, match="every version in versionLabels must be one of versions"):
        namespace.apply(tfmodel(modelUri=GOOD_URI, versions=[1], versionLabels={"stable": 2}, replicas=0))
    kept = namespace.get("tfmodel", "refused")
    assert kept is not None
    assert kept["spec"]["versionLabels"] == {"stable": 1}
    namespace("delete", "tfmodel", "refused", "--timeout=120s", seconds=130)

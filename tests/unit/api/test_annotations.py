"""Annotations by which a pod would leave the Pod Security Standard. The table is testing/schema/annotation_cases.py."""

from typing import Any

import pytest

from testing.schema.annotation_cases import APPARMOR, SECCOMP
from tests.unit.api.specs import URI, manifest, problems
from tfs_operator.api.conditions import Reason
from tfs_operator.api.crd import custom_resource_definition
from tfs_operator.domain.policy import Allowed
from tfs_operator.planning import Plan, Refused, decide, subject_of

UNCONFINED = {"container.apparmor.security.beta.kubernetes.io/model-server": "unconfined"}
UNFILTERED = {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}
SPEC: dict[str, Any] = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"][
    "spec"
]["properties"]


@pytest.mark.parametrize(("annotations", "message"), [(UNCONFINED, APPARMOR), (UNFILTERED, SECCOMP)])
def test_pods_keep_their_profiles(annotations: dict[str, str], message: str) -> None:
    found = problems(manifest(modelUri=URI, podTemplate={"annotations": annotations}))
    assert found == [f"spec.podTemplate.annotations: {message}"]


def test_a_service_may_have_such_annotations_for_they_mean_nothing_there() -> None:
    assert problems(manifest(modelUri=URI, service={"annotations": {**UNCONFINED, **UNFILTERED}})) == []


def test_the_api_server_has_the_rules_for_pods_alone() -> None:
    def messages(part: str) -> set[str]:
        rules = SPEC[part]["properties"]["annotations"]["x-kubernetes-validations"]
        return {rule["message"] for rule in rules}

    assert messages("podTemplate") - messages("service") == {APPARMOR, SECCOMP}


def test_a_stored_tfmodel_with_such_an_annotation_is_left_as_it_serves() -> None:
    """As with every rule that a stored object breaks: no child is written, and Ready names the annotation."""
    stored = manifest(modelUri=URI, podTemplate={"annotations": UNCONFINED})
    stored["metadata"] |= {"namespace": "default", "uid": "7"}
    found = subject_of(stored, Allowed())
    assert isinstance(found, Refused)
    assert (found.problem.reason, APPARMOR in found.problem.message) == (Reason.INVALID_SPEC, True)
    assert decide(found) == Plan(refusal=found.problem)

"""What a valid spec may still not do."""

from typing import Any

import pytest
from pydantic import ValidationError

from tfs_operator.api.conditions import Reason
from tfs_operator.api.spec import TFModelSpec
from tfs_operator.domain.policy import Allowed, suspension, violation

NODE_PATH = {"name": "b", "modelUri": "hostpath:///b"}
IMAGE_PATH = {"name": "a", "modelUri": "file:///a"}


def spec(**fields: Any) -> TFModelSpec:
    return TFModelSpec.model_validate(fields)


@pytest.mark.parametrize("fields", [{"modelUri": "hostpath:///m"}, {"models": [IMAGE_PATH, NODE_PATH]}])
def test_a_node_path_needs_permission(fields: dict[str, Any]) -> None:
    problem = violation(spec(**fields), Allowed())
    assert problem is not None
    assert problem.reason == Reason.HOSTPATH_NOT_ALLOWED
    assert problem.message.startswith("modelUri: hostpath://")
    assert "--allow-hostpath" in problem.message
    assert violation(spec(**fields), Allowed(hostpath=True)) is None


@pytest.mark.parametrize(
    "fields", [{"modelUri": "file:///hostpath/m"}, {"modelUri": "pvc://hostpath/m"}, {"models": [IMAGE_PATH]}]
)
@pytest.mark.parametrize("allowed", [True, False])
def test_other_places_do_not(fields: dict[str, Any], allowed: bool) -> None:
    assert violation(spec(**fields), Allowed(hostpath=allowed)) is None


S3_ENDPOINT = {"endpoint": "http://minio:9000"}


def models(*uris: str) -> list[dict[str, str]]:
    return [{"name": f"m{index}", "modelUri": uri} for index, uri in enumerate(uris)]


class TestOneStore:
    def test_an_endpoint_is_the_address_of_one_kind(self) -> None:
        problem = violation(spec(models=models("s3://b/a", "gs://b/a"), storage=S3_ENDPOINT), Allowed())
        assert problem is not None
        assert problem.reason == Reason.INVALID_SPEC
        assert problem.message.startswith("storage.endpoint: http://minio:9000 cannot be the address of gs://, s3://")

    @pytest.mark.parametrize("uris", [("s3://b/a", "s3://c/a"), ("s3://b/a", "pvc://c/a")])
    def test_which_may_have_several_models(self, uris: tuple[str, ...]) -> None:
        assert violation(spec(models=models(*uris), storage=S3_ENDPOINT), Allowed()) is None

    def test_nor_does_a_claim_that_is_copied_have_an_address(self) -> None:
        storage = {**S3_ENDPOINT, "copy": True}
        assert violation(spec(models=models("s3://b/a", "pvc://c/a"), storage=storage), Allowed()) is None

    def test_without_one_stores_may_mix(self) -> None:
        assert violation(spec(models=models("s3://b/a", "gs://b/a")), Allowed()) is None


class TestFoldersOfTheirOwn:
    @pytest.mark.parametrize("inner", ["s3://b/m", "s3://b/m/", "s3://b/m/1"])
    def test_no_fetched_model_lies_in_another(self, inner: str) -> None:
        problem = violation(spec(models=models("s3://b/m", "s3://b/m-2", inner)), Allowed())
        assert problem is not None
        assert problem.message.startswith("models: m2 (s3://b/m")
        assert "lies within m0 (s3://b/m)" in problem.message

    def test_models_on_a_claim_may_share_a_folder(self) -> None:
        assert violation(spec(models=models("pvc://c/m", "pvc://c/m")), Allowed()) is None


def test_a_suspended_spec_says_so() -> None:
    problem = suspension(spec(modelUri="file:///m", suspend=True))
    assert problem is not None
    assert problem.reason == Reason.SUSPENDED
    assert "spec.suspend" in problem.message
    assert suspension(spec(modelUri="file:///m")) is None


OWN = {"type": "prometheus", "metadata": {"query": "x"}, "authenticationRef": {"name": "a"}}


class TestCredentialsOfKeda:
    """They are for the whole cluster, and whoever may write a TFModel would use them."""

    def problem(self, trigger: dict[str, Any], allowed: Allowed | None = None) -> str:
        keda = {"triggers": [OWN, trigger]}
        found = violation(spec(modelUri="s3://b/a", autoscaling={"maxReplicas": 2, "keda": keda}), allowed or Allowed())
        assert found is None or found.reason == Reason.KEDA_CREDENTIALS_NOT_ALLOWED
        return found.message if found else ""

    def test_a_trigger_authentication_of_the_cluster(self) -> None:
        trigger = {**OWN, "authenticationRef": {"name": "a", "kind": "ClusterTriggerAuthentication"}}
        message = self.problem(trigger)
        assert message.startswith("autoscaling.keda.triggers[1].authenticationRef.kind uses credentials")
        assert "allowKedaCredentials" in message
        assert self.problem(trigger, Allowed(keda_credentials=True)) == ""

    @pytest.mark.parametrize("kind", ["clustertriggerauthentication", "Other", "", 1])
    def test_a_kind_that_keda_does_not_know_is_refused_by_the_schema(self, kind: object) -> None:
        with pytest.raises(ValidationError, match=r"autoscaling\.keda\.triggers\.1\.authenticationRef\.kind"):
            self.problem({**OWN, "authenticationRef": {"name": "a", "kind": kind}})

    @pytest.mark.parametrize("owner", [1, ["operator"]])
    def test_an_identity_that_is_no_text_is_refused_by_the_schema(self, owner: object) -> None:
        with pytest.raises(ValidationError, match=r"autoscaling\.keda\.triggers\.1\.metadata\.identityOwner"):
            self.problem({"type": "aws-sqs-queue", "metadata": {"identityOwner": owner}})

    @pytest.mark.parametrize("owner", ["operator", "keda", "Operator", " pod"])
    def test_the_identity_of_kedas_operator(self, owner: str) -> None:
        trigger = {"type": "aws-sqs-queue", "metadata": {"queueURL": "x", "identityOwner": owner}}
        assert self.problem(trigger).startswith("autoscaling.keda.triggers[1].metadata.identityOwner uses")
        assert self.problem(trigger, Allowed(keda_credentials=True)) == ""

    @pytest.mark.parametrize(
        "trigger",
        [
            OWN,
            {**OWN, "authenticationRef": {"name": "a", "kind": "TriggerAuthentication"}},
            {**OWN, "authenticationRef": None, "metadata": {}},
            {**OWN, "authenticationRef": {"name": "a", "kind": None}},
            {"type": "aws-sqs-queue", "metadata": {"identityOwner": "pod"}},
            {"type": "cpu", "metadata": {"identityOwner": ""}},
        ],
    )
    def test_ones_own_are_nobody_elses_business(self, trigger: dict[str, Any]) -> None:
        assert self.problem(trigger) == ""

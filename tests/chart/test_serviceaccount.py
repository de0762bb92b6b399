"""templates/serviceaccount.yaml: who the operator is, wherever its name appears."""

import pytest

from testing.chart import without_tests

TEMPLATE = "serviceaccount.yaml"


def test_only_the_pod_that_asks_gets_the_token(chart):
    account = chart.one(TEMPLATE)
    assert account["automountServiceAccountToken"] is False
    assert "secrets" not in account
    pod = chart.one("deployment.yaml")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is True


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ([], "tfs-operator"),
        (["serviceAccount.name=robot"], "robot"),
        (["serviceAccount.create=false"], "default"),
        (["serviceAccount.create=false", "serviceAccount.name=robot"], "robot"),
        (["fullnameOverride=serving"], "serving"),
    ],
)
def test_account_binding_and_pod_agree_on_the_name(chart, settings, name):
    manifests = without_tests(chart.render(*settings))
    created = {each["metadata"]["name"] for each in manifests if each["kind"] == "ServiceAccount"}
    assert created == (set() if "serviceAccount.create=false" in settings else {name})
    pod = chart.one("deployment.yaml", *settings)["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == name
    binding = chart.one("clusterrolebinding.yaml", *settings)
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": "tfs"}]


def test_annotations(chart):
    assert "annotations" not in chart.one(TEMPLATE)["metadata"]
    account = chart.one(TEMPLATE, "serviceAccount.annotations.cloud-role=reader")
    assert account["metadata"]["annotations"] == {"cloud-role": "reader"}

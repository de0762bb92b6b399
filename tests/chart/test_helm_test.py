"""templates/tests/*.yaml: what `helm test` makes. In tests/e2e/test_chart.py it is run, on a cluster."""

import base64
import io
import json
import tarfile

import pytest

from tfs_operator.api.resource import TFModel

HOOK = "helm.sh/hook"
CONFIG = "tests/configmap.yaml"
POD = "tests/pod.yaml"
ROLE = "tests/role.yaml"
BINDING = "tests/rolebinding.yaml"
SERVICE = "tests/service.yaml"
ACCOUNT = "tests/serviceaccount.yaml"


def objects(chart, *settings, **where):
    return [each for each in chart.render(*settings, **where) if each["metadata"].get("annotations", {}).get(HOOK)]


def tfmodel(chart, *settings, **where):
    return json.loads(chart.one(CONFIG, *settings, **where)["data"]["tfmodel.json"])


def test_every_object_comes_with_the_test_and_goes_with_it(chart):
    assert {each["kind"] for each in objects(chart)} == {
        "ConfigMap", "Pod", "Role", "RoleBinding", "Service", "ServiceAccount",
    }  # fmt: skip
    for each in objects(chart):
        annotations = each["metadata"]["annotations"]
        assert annotations[HOOK] == "test"
        assert annotations["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded"


def test_the_pod_is_made_last(chart):
    weights = {each["kind"]: int(each["metadata"]["annotations"]["helm.sh/hook-weight"]) for each in objects(chart)}
    assert [kind for kind in weights if weights[kind] == max(weights.values())] == ["Pod"]


def test_can_be_left_out(chart):
    assert objects(chart, "test.enabled=false") == []


@pytest.mark.parametrize("settings", [[], ["watchNamespaces={team-a}", "imagePullSecrets[0].name=login"]])
def test_the_tfmodel_is_valid_and_is_the_one_that_the_pod_may_touch(chart, settings):
    manifest = tfmodel(chart, *settings)
    assert TFModel.parse(manifest).metadata.name == "tfs-operator-test"
    role = chart.one(ROLE, *settings)
    assert role["metadata"]["namespace"] == manifest["metadata"]["namespace"]
    assert {tuple(rule["resources"]) for rule in role["rules"]} == {("tfmodels",)}
    named = [rule for rule in role["rules"] if rule["verbs"] != ["create"]]
    assert [rule["resourceNames"] for rule in named] == [[manifest["metadata"]["name"]]]


@pytest.mark.parametrize(
    ("watched", "deployed_in"),
    [("null", "tfs"), ("{team-a,tfs}", "tfs"), ("{team-a,team-b}", "team-a")],
)
def test_the_tfmodel_goes_where_the_operator_looks(chart, watched, deployed_in):
    assert tfmodel(chart, f"watchNamespaces={watched}")["metadata"]["namespace"] == deployed_in


def test_the_fetcher_finds_the_model_at_the_pod(chart):
    uri = tfmodel(chart, "clusterDomain=k8s.example", namespace="ml")["spec"]["modelUri"]
    assert uri == "http://tfs-operator-test-archive.ml.svc.k8s.example:8000/half_plus_two.tar.gz"
    service, pod = chart.one(SERVICE), chart.one(POD)
    assert uri.startswith(f"http://{service['metadata']['name']}.")
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    (container,) = pod["spec"]["containers"]
    assert container["ports"][0]["containerPort"] == service["spec"]["ports"][0]["port"] == 8000


def test_the_archive_arrives_whole(chart):
    config = chart.one(CONFIG)
    archive = base64.b64decode(config["binaryData"]["half_plus_two.tar.gz"])
    assert archive == (chart.path / "files/test/half_plus_two.tar.gz").read_bytes()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert tar.getnames() == ["1/saved_model.pb"]


def test_the_script_arrives_as_it_is(chart):
    script = (chart.path / "files/test/predict.py").read_text()
    assert chart.one(CONFIG)["data"]["predict.py"] == script


def test_the_pod_runs_the_operators_image_under_the_restricted_standard(chart):
    operator = chart.one("deployment.yaml")["spec"]["template"]["spec"]
    pod = chart.one(POD)["spec"]
    assert pod["securityContext"] == operator["securityContext"]
    (container,), (of_operator,) = pod["containers"], operator["containers"]
    for same in ("image", "imagePullPolicy", "securityContext"):
        assert container[same] == of_operator[same]
    assert pod["serviceAccountName"] != operator["serviceAccountName"]


def test_the_account_may_do_nothing_but_what_the_role_says(chart):
    account = chart.one(ACCOUNT)
    assert account["automountServiceAccountToken"] is False
    binding = chart.one(BINDING)
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": account["metadata"]["name"], "namespace": account["metadata"]["namespace"]}
    ]
    assert binding["roleRef"]["kind"] == "Role"


@pytest.mark.parametrize("release", ["a" * 53, "tfs-operator"])
def test_names_fit_a_tfmodel_and_its_services(chart, release):
    assert all(len(each["metadata"]["name"]) <= 63 for each in objects(chart, release=release))
    assert TFModel.parse(tfmodel(chart, release=release))


def test_no_object_has_a_name_that_the_tfmodel_needs(chart):
    name = tfmodel(chart)["metadata"]["name"]
    needed = {("Service", name), ("Service", f"{name}-headless"), ("ConfigMap", f"{name}-config")}
    assert not needed & {(each["kind"], each["metadata"]["name"]) for each in objects(chart)}

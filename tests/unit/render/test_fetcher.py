"""The fetcher's container and what it shares with the model server."""

from typing import Any

import pytest

from tests.unit.render.rendering import child, container, pod_spec, rendered, tfmodel
from tfs_operator.domain.fetch_protocol import FetchPlan, VersionSet
from tfs_operator.render import Settings

Manifest = dict[str, Any]
URI = "s3://models/mnist"


def pod(**storage: Any) -> Manifest:
    return pod_spec(rendered(tfmodel(modelUri=URI, storage=storage), Settings(fetcher_image="own:1")))


def fetcher(**storage: Any) -> Manifest:
    [found] = pod(**storage)["initContainers"]
    return dict(found)


def test_what_is_not_fetched_has_no_fetcher() -> None:
    manifests = rendered(tfmodel())
    assert "initContainers" not in pod_spec(manifests)
    assert "fetch.json" not in child(manifests, "ConfigMap")["data"]


def test_it_is_a_native_sidecar_of_the_operators_image() -> None:
    found = fetcher()
    assert (found["image"], found["restartPolicy"]) == ("own:1", "Always")
    assert found["startupProbe"]["httpGet"] == {"path": "/ready", "port": 8502}


def test_it_reads_what_to_start_with() -> None:
    manifests = rendered(tfmodel(modelUri=URI, versions=[1, 2], storage={"pollIntervalSeconds": 7}))
    plan = FetchPlan.model_validate_json(child(manifests, "ConfigMap")["data"]["fetch.json"])
    [source] = plan.sources
    assert (source.name, source.uri, source.base_path) == ("mnist", URI, "/models/store/s3/models/mnist")
    assert plan.order.models["mnist"].start == VersionSet(versions=(1, 2))
    assert plan.order.poll_interval_seconds == 7


def test_the_server_reads_what_it_has_fetched() -> None:
    [ours] = [mount for mount in fetcher()["volumeMounts"] if mount["mountPath"] == "/models/store"]
    server = container(rendered(tfmodel(modelUri=URI)))
    [theirs] = [mount for mount in server["volumeMounts"] if mount["mountPath"] == "/models/store"]
    assert theirs == {**ours, "readOnly": True}


def test_credentials_reach_the_fetcher_alone() -> None:
    spec = pod(secretRef={"name": "s3"})
    [volume] = [volume for volume in spec["volumes"] if volume.get("secret", {}).get("secretName") == "s3"]
    [server] = spec["containers"]
    assert volume["name"] in [mount["name"] for mount in spec["initContainers"][0]["volumeMounts"]]
    assert volume["name"] not in [mount["name"] for mount in server["volumeMounts"]]
    assert "envFrom" not in server


def test_a_missing_secret_or_bundle_keeps_no_pod_from_starting() -> None:
    volumes = pod(secretRef={"name": "s3"}, caBundle={"name": "ca"})["volumes"]
    assert [volume["secret"]["optional"] for volume in volumes if "secret" in volume] == [True]
    assert [volume["configMap"].get("optional") for volume in volumes if "configMap" in volume] == [None, True]


@pytest.mark.parametrize(
    ("storage", "flags"),
    [
        ({"endpoint": "http://s3:9000", "region": "eu-1"}, ["--endpoint=http://s3:9000", "--region=eu-1"]),
        ({"anonymous": True}, ["--anonymous"]),
        ({"secretRef": {"name": "s"}}, ["--credentials=/etc/tfs-operator-credentials", "--secret-name=s"]),
        ({"caBundle": {"name": "c", "key": "k"}}, ["--ca-bundle=/etc/tfs-operator-ca/k", "--ca-name=c"]),
        ({"cache": {"persistentVolumeClaim": "c"}}, ["--shared=$(POD_NAME)"]),
    ],
)
def test_each_field_of_storage_is_a_flag(storage: Manifest, flags: list[str]) -> None:
    assert sorted(set(fetcher(**storage)["args"]) - set(fetcher()["args"])) == sorted(flags)


def test_a_cache_is_a_claim_that_the_pods_may_write_to() -> None:
    spec = pod(cache={"persistentVolumeClaim": "shared"})
    [store] = [volume for volume in spec["volumes"] if volume["name"] == "store"]
    assert store["persistentVolumeClaim"] == {"claimName": "shared"}
    assert spec["securityContext"]["fsGroup"] == 65532
    assert "fsGroup" not in pod()["securityContext"]


def test_a_workload_identity_is_the_fetchers_alone() -> None:
    manifests = rendered(tfmodel(modelUri=URI, storage={"serviceAccountName": "reader"}))
    template = child(manifests, "Deployment")["spec"]["template"]
    assert template["spec"]["serviceAccountName"] == "reader"
    assert template["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"] == "model-server"
    assert template["spec"]["automountServiceAccountToken"] is False


def test_its_resources_are_bounded_and_can_be_chosen() -> None:
    assert fetcher()["resources"]["limits"] == {"memory": "256Mi"}
    assert fetcher(resources={"limits": {"memory": "1Gi"}})["resources"] == {
        "requests": {"cpu": "50m", "memory": "64Mi"},
        "limits": {"memory": "1Gi"},
    }


def test_its_environment_is_the_users_but_for_the_pods_name() -> None:
    chosen = [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}, {"name": "POD_NAME", "value": "x"}]
    first, second = fetcher(env=chosen)["env"]
    assert first == {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    assert second == chosen[0]


def test_another_interval_replaces_no_pod() -> None:
    assert pod(pollIntervalSeconds=10) == pod(pollIntervalSeconds=20)

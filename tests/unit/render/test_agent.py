"""The agent's container and what it shares with the model server."""

from typing import Any

import pytest

from tests.unit.render.rendering import child, container, pod_spec, rendered, tfmodel
from tfs_operator.domain.fetch_protocol import FetchPlan, VersionSet
from tfs_operator.domain.policy import Allowed
from tfs_operator.render import Settings

Manifest = dict[str, Any]
URI = "s3://models/mnist"
SETTINGS = Settings(allowed=Allowed(hostpath=True))


def pod(**storage: Any) -> Manifest:
    return pod_spec(rendered(tfmodel(modelUri=URI, storage=storage), Settings(fetcher_image="own:1")))


def fetcher(**storage: Any) -> Manifest:
    [found] = pod(**storage)["initContainers"]
    return dict(found)


def agent(uri: str = "pvc://models/mnist", **spec: Any) -> Manifest:
    [found] = pod_spec(rendered(tfmodel(modelUri=uri, **spec), SETTINGS))["initContainers"]
    return dict(found)


def plan_of(*uris: str) -> FetchPlan:
    models = [{"name": f"m{number}", "modelUri": uri, "versions": [1]} for number, uri in enumerate(uris)]
    config_map = child(rendered(tfmodel(modelUri=None, models=models), SETTINGS), "ConfigMap")
    return FetchPlan.model_validate_json(config_map["data"]["fetch.json"])


@pytest.mark.parametrize(
    ("uri", "name"),
    [(URI, "fetcher"), ("pvc://models/mnist", "agent"), ("file:///models/mnist", "agent"), ("hostpath:///m", "agent")],
)
def test_every_pod_has_one_container_of_it(uri: str, name: str) -> None:
    found = agent(uri)
    assert (found["name"], found["restartPolicy"], found["command"]) == (name, "Always", ["tfs-operator", "fetch"])
    assert found["ports"] == [{"name": "fetch", "containerPort": 8502, "protocol": "TCP"}]


def test_it_looks_at_claims_and_host_paths_and_changes_nothing_there() -> None:
    for uri, path in [("pvc://models/a/b", "/models/pvc/models"), ("hostpath:///data/m", "/models/hostpath/data/m")]:
        spec = pod_spec(rendered(tfmodel(modelUri=uri), SETTINGS))
        [ours] = [mount for mount in spec["initContainers"][0]["volumeMounts"] if mount["mountPath"] == path]
        assert ours["readOnly"] is True
        assert ours in spec["containers"][0]["volumeMounts"]


def test_a_claim_that_is_copied_is_mounted_into_the_fetcher_alone() -> None:
    models = [
        {"name": "a", "modelUri": "pvc://b/a"},
        {"name": "s", "modelUri": URI},
        {"name": "c", "modelUri": "pvc://a/c"},
    ]
    spec = pod_spec(rendered(tfmodel(modelUri=None, models=models, storage={"copy": True}), SETTINGS))
    claims = [volume for volume in spec["volumes"] if "persistentVolumeClaim" in volume]
    assert [volume["persistentVolumeClaim"] for volume in claims] == [
        {"claimName": "a", "readOnly": True},
        {"claimName": "b", "readOnly": True},
    ]
    [fetcher], [server] = spec["initContainers"], spec["containers"]
    assert fetcher["name"] == "fetcher"
    mounted = {mount["mountPath"]: mount.get("readOnly") for mount in fetcher["volumeMounts"]}
    assert mounted.items() >= {"/models/pvc/a": True, "/models/pvc/b": True, "/models/store": None}.items()
    assert not [mount for mount in server["volumeMounts"] if "claim" in mount["name"]]


def test_the_plan_of_a_copy_is_that_of_a_store() -> None:
    objects = rendered(tfmodel(modelUri="pvc://models/a/b", versions=[1], storage={"copy": True}), SETTINGS)
    plan = FetchPlan.model_validate_json(child(objects, "ConfigMap")["data"]["fetch.json"])
    [source] = plan.sources
    assert (source.uri, source.base_path) == ("pvc://models/a/b", "/models/store/pvc/models/a/b")
    assert plan.local == ()


def test_its_plan_tells_apart_what_is_fetched_and_what_is_mounted() -> None:
    plan = plan_of(URI, "pvc://claim/a", "hostpath:///data/m", "file:///models/in/the/image")
    assert [(source.name, source.uri) for source in plan.sources] == [("m0", URI)]
    assert [(folder.name, folder.uri, folder.base_path) for folder in plan.local] == [
        ("m1", "pvc://claim/a", "/models/pvc/claim/a"),
        ("m2", "hostpath:///data/m", "/models/hostpath/data/m"),
    ]
    assert sorted(plan.order.models) == ["m0", "m1", "m2"], "what is in the image it cannot see"
    assert plan.order.models["m1"].start == VersionSet(versions=(1,))


def test_where_nothing_is_fetched_it_is_smaller() -> None:
    assert agent()["resources"] == {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}}
    assert agent(storage={"resources": {"limits": {"memory": "1Gi"}}})["resources"]["limits"] == {"memory": "1Gi"}
    assert "env" not in agent(storage={"env": [{"name": "HTTPS_PROXY", "value": "http://proxy"}]})


@pytest.mark.parametrize(
    ("server", "guaranteed"),
    [
        ({"limits": {"cpu": "2", "memory": "4Gi"}}, True),
        ({"limits": {"cpu": "2", "memory": "4Gi"}, "requests": {"cpu": "2000m", "memory": "4Gi"}}, True),
        ({"limits": {"cpu": "2", "memory": "4Gi"}, "requests": {"cpu": "1"}}, False),
        ({"limits": {"memory": "4Gi"}, "requests": {"memory": "4Gi"}}, False),
        ({"requests": {"cpu": "2", "memory": "4Gi"}}, False),
    ],
)
def test_a_guaranteed_pod_stays_one(server: Manifest, guaranteed: bool) -> None:
    resources = agent(server={"resources": server})["resources"]
    assert (resources["requests"] == resources.get("limits")) is guaranteed
    assert ("cpu" in resources["limits"]) is guaranteed


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


def test_the_server_starts_with_what_it_writes() -> None:
    spec = pod_spec(rendered(tfmodel(modelUri=URI)))
    [written] = [flag.partition("=")[2] for flag in spec["initContainers"][0]["args"] if "--server-config=" in flag]
    [server] = spec["containers"]
    assert f"--model_config_file={written}" in server["args"]
    [ours] = [each for each in spec["initContainers"][0]["volumeMounts"] if written.startswith(each["mountPath"] + "/")]
    assert {**ours, "readOnly": True} in server["volumeMounts"]
    [volume] = [volume for volume in spec["volumes"] if volume["name"] == ours["name"]]
    assert volume["emptyDir"]["medium"] == "Memory"


def test_it_says_when_the_pod_takes_traffic() -> None:
    """One failure is enough: a server that starts anew must not be taken for the one before."""
    probe = agent()["readinessProbe"]
    assert probe["httpGet"] == {"path": "/in-step", "port": 8502}
    assert (probe["periodSeconds"], probe["failureThreshold"]) == (1, 1)


def test_its_plan_says_what_is_committed() -> None:
    manifests = rendered(tfmodel(modelUri="file:///models/mnist", versionLabels={"stable": 1}))
    plan = FetchPlan.model_validate_json(child(manifests, "ConfigMap")["data"]["fetch.json"])
    [expected] = plan.order.expect
    assert (expected.name, expected.base_path) == ("mnist", "/models/mnist")
    assert (expected.serve, expected.labels) == (VersionSet(versions=(1,)), {"stable": 1})

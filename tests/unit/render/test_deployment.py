"""The Deployment and its container: what each field of the spec does to them."""

from typing import Any

import pytest

from tests.unit.render.rendering import child, container, pod_spec, rendered, tfmodel
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.model_config import aspired_config
from tfs_operator.render import Settings, children
from tfs_operator.render.deployment import MODELS_DIGEST_ANNOTATION, attempt_for, attempt_of, models_digest

SETTINGS = Settings(server_image="cpu:1", gpu_server_image="gpu:1")


def server(**spec: Any) -> dict[str, Any]:
    return container(rendered(tfmodel(**spec), SETTINGS))


@pytest.mark.parametrize(
    ("spec", "image"),
    [
        ({}, "cpu:1"),
        ({"gpus": 1}, "gpu:1"),
        ({"server": {"image": "own:1"}}, "own:1"),
        ({"gpus": 1, "server": {"image": "own:1"}}, "own:1"),
    ],
)
def test_the_image_is_the_users_or_the_administrators(spec: dict[str, Any], image: str) -> None:
    assert server(**spec)["image"] == image


def test_readiness_of_one_model_needs_a_version_of_it() -> None:
    assert server()["readinessProbe"]["httpGet"]["path"] == "/v1/models/mnist/metadata"


def test_readiness_of_several_models_needs_none_of_them() -> None:
    """The loss of one must not take the others out of service; that all are served the ports prove at the start."""
    models = [{"name": name, "modelUri": f"pvc://models/{name}"} for name in ("cats", "dogs")]
    found = server(modelUri=None, models=models)
    assert found["readinessProbe"]["httpGet"] == found["startupProbe"]["httpGet"]
    assert found["readinessProbe"]["httpGet"]["path"] == "/v1/models/cats"


class TestGpus:
    def test_they_are_a_limit_and_a_toleration(self) -> None:
        manifests = rendered(tfmodel(gpus=2))
        assert container(manifests)["resources"] == {"limits": {"nvidia.com/gpu": "2"}}
        assert pod_spec(manifests)["tolerations"] == [
            {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
        ]

    def test_they_are_added_to_other_limits(self) -> None:
        resources = server(gpus=1, server={"resources": {"limits": {"memory": "1Gi"}, "requests": {"cpu": 1}}})[
            "resources"
        ]
        assert resources == {"limits": {"memory": "1Gi", "nvidia.com/gpu": "1"}, "requests": {"cpu": 1}}

    def test_their_memory_is_taken_as_it_is_needed(self) -> None:
        assert server(gpus=1)["env"] == [{"name": "TF_FORCE_GPU_ALLOW_GROWTH", "value": "true"}]

    def test_the_user_may_decide_otherwise(self) -> None:
        variable = {"name": "TF_FORCE_GPU_ALLOW_GROWTH", "value": "false"}
        assert server(gpus=1, server={"env": [variable]})["env"] == [variable]

    def test_the_same_toleration_is_not_said_twice(self) -> None:
        toleration = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
        manifests = rendered(tfmodel(gpus=1, podTemplate={"tolerations": [toleration]}))
        assert pod_spec(manifests)["tolerations"] == [toleration]

    def test_without_them_nothing_of_this_is_there(self) -> None:
        manifests = rendered(tfmodel())
        assert not {"env", "resources"} & container(manifests).keys()
        assert "tolerations" not in pod_spec(manifests)


class TestReplicas:
    @pytest.mark.parametrize("replicas", [0, 1, 2, 1000])
    def test_they_are_the_deployments(self, replicas: int) -> None:
        assert child(rendered(tfmodel(replicas=replicas)), "Deployment")["spec"]["replicas"] == replicas

    @pytest.mark.parametrize(("replicas", "has_budget"), [(0, False), (1, False), (2, True)])
    def test_more_than_one_has_a_disruption_budget(self, replicas: int, has_budget: bool) -> None:
        """With one, a budget would keep a node from being drained for ever."""
        kinds = [manifest["kind"] for manifest in rendered(tfmodel(replicas=replicas))]
        assert ("PodDisruptionBudget" in kinds) is has_budget

    def test_they_are_replaced_without_losing_one(self) -> None:
        strategy = child(rendered(tfmodel()), "Deployment")["spec"]["strategy"]
        assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


class TestTimes:
    @pytest.mark.parametrize(("load_timeout", "failures"), [(1, 1), (2, 1), (3, 2), (600, 300), (86400, 43200)])
    def test_a_server_may_load_for_as_long_as_the_spec_says(self, load_timeout: int, failures: int) -> None:
        probe = server(rollout={"loadTimeoutSeconds": load_timeout})["startupProbe"]
        assert (probe["periodSeconds"], probe["failureThreshold"]) == (2, failures)

    @pytest.mark.parametrize(("load_timeout", "deadline"), [(1, 600), (540, 600), (600, 660), (3600, 3660)])
    def test_the_deployment_waits_longer_than_a_load(self, load_timeout: int, deadline: int) -> None:
        manifests = rendered(tfmodel(rollout={"loadTimeoutSeconds": load_timeout}))
        assert child(manifests, "Deployment")["spec"]["progressDeadlineSeconds"] == deadline

    def test_no_drain_is_no_hook(self) -> None:
        """Before 1.33 Kubernetes refuses a sleep of 0 seconds."""
        assert "lifecycle" not in server(rollout={"drainSeconds": 0})

    def test_the_servers_last_words_are_kept(self) -> None:
        assert server()["terminationMessagePolicy"] == "FallbackToLogsOnError"


class TestModels:
    def test_claims_are_mounted_once_each_and_read_only(self) -> None:
        uris = ["pvc://b/one", "pvc://a/two", "pvc://b/three", "file:///four"]
        models = [{"name": f"m{index}", "modelUri": uri} for index, uri in enumerate(uris)]
        manifests = rendered(tfmodel(modelUri=None, models=models))
        assert [v["persistentVolumeClaim"] for v in pod_spec(manifests)["volumes"] if "persistentVolumeClaim" in v] == [
            {"claimName": "a", "readOnly": True},
            {"claimName": "b", "readOnly": True},
        ]
        assert [m for m in container(manifests)["volumeMounts"] if m["name"].startswith("claim")] == [
            {"name": "claim-0", "mountPath": "/models/pvc/a", "readOnly": True},
            {"name": "claim-1", "mountPath": "/models/pvc/b", "readOnly": True},
        ]

    def test_a_model_in_the_image_needs_no_volume(self) -> None:
        volumes = pod_spec(rendered(tfmodel(modelUri="file:///models/mnist")))["volumes"]
        assert [volume["name"] for volume in volumes] == ["config", "tmp", "starting-config"]

    def test_a_node_path_must_exist(self) -> None:
        volumes = pod_spec(rendered(tfmodel(modelUri="hostpath:///srv/m")))["volumes"]
        assert volumes[-1] == {"name": "hostpath-0", "hostPath": {"path": "/srv/m", "type": "Directory"}}

    def test_the_digest_of_the_models_is_on_the_pods(self) -> None:
        model = tfmodel(podTemplate={"annotations": {"a": "b"}})
        annotations = child(rendered(model), "Deployment")["spec"]["template"]["metadata"]["annotations"]
        assert annotations == {"a": "b", MODELS_DIGEST_ANNOTATION: models_digest(aspired_config("mnist", model.spec))}

    def test_another_attempt_replaces_the_pods_and_is_found_again(self) -> None:
        model = tfmodel()
        config = aspired_config("mnist", model.spec)
        first, second = (
            child(children(model, config, Settings(), attempt), "Deployment")
            for attempt in (None, attempt_for(model, config))
        )
        assert first["spec"]["template"] != second["spec"]["template"]
        assert (attempt_of(first), attempt_of(second), attempt_of(None)) == (None, attempt_for(model, config), None)

    def test_each_configuration_is_another_attempt_and_the_same_is_the_same(self) -> None:
        one, other = (aspired_config("mnist", tfmodel(versions=versions).spec) for versions in ([1], [2]))
        model = tfmodel(versions=[1])
        assert attempt_for(model, one) != attempt_for(model, other)
        assert attempt_for(model, one) == attempt_for(model, aspired_config("mnist", model.spec))

    def test_the_order_of_models_replaces_no_pod_but_for_the_probes_name(self) -> None:
        models = [{"name": "a", "modelUri": "file:///a"}, {"name": "b", "modelUri": "file:///b"}]

        def digest(spec: TFModel) -> str:
            return models_digest(aspired_config("mnist", spec.spec))

        one, other = (tfmodel(modelUri=None, models=listed) for listed in (models, models[::-1]))
        assert digest(one) == digest(other)


RACKS = {"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}


@pytest.mark.parametrize(
    ("template", "field", "value"),
    [
        ({"nodeSelector": {"a": "b"}}, "nodeSelector", {"a": "b"}),
        ({"affinity": {"nodeAffinity": {}}}, "affinity", {"nodeAffinity": {}}),
        ({"topologySpreadConstraints": [RACKS]}, "topologySpreadConstraints", [RACKS]),
        ({"priorityClassName": "high"}, "priorityClassName", "high"),
        (
            {"tolerations": [{"key": "a", "operator": "Equal", "value": "b", "tolerationSeconds": 5}]},
            "tolerations",
            [{"key": "a", "operator": "Equal", "value": "b", "tolerationSeconds": 5}],
        ),
    ],
)
def test_placement_is_passed_on_as_it_is(template: dict[str, Any], field: str, value: Any) -> None:
    assert pod_spec(rendered(tfmodel(podTemplate=template)))[field] == value


def test_settings_of_the_server_are_passed_on_as_they_are() -> None:
    source = {"secretKeyRef": {"name": "s", "key": "k"}}
    given = {
        "imagePullPolicy": "Never",
        "imagePullSecrets": [{"name": "registry"}],
        "env": [{"name": "A", "value": ""}, {"name": "B", "valueFrom": source}],
        "extraArgs": ["--b", "--a=1"],
    }
    manifests = rendered(tfmodel(server=given))
    assert container(manifests)["imagePullPolicy"] == "Never"
    assert pod_spec(manifests)["imagePullSecrets"] == [{"name": "registry"}]
    assert container(manifests)["env"] == given["env"]
    assert container(manifests)["args"][-2:] == ["--b", "--a=1"]


@pytest.mark.parametrize(("surge", "strategy"), [(True, (1, 0)), (False, (0, 1))])
def test_without_room_for_a_surge_one_old_pod_makes_it(surge: bool, strategy: tuple[int, int]) -> None:
    model = tfmodel(gpus=1, replicas=2)
    config = aspired_config("mnist", model.spec)
    found, usual = (child(children(model, config, SETTINGS, surge=each), "Deployment") for each in (surge, True))
    update = found["spec"]["strategy"]["rollingUpdate"]
    assert (update["maxSurge"], update["maxUnavailable"]) == strategy
    assert found["spec"]["template"] == usual["spec"]["template"]

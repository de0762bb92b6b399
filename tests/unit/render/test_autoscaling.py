"""Autoscalers, and what else of a TFModel depends on who sets the number of replicas."""

from typing import Any

import pytest

from tests.unit.render.rendering import child, pod_spec, rendered, tfmodel
from tfs_operator.domain.drift import DIGEST_ANNOTATION
from tfs_operator.render.replicas import FIRST_REPLICAS_ANNOTATION, desired_replicas, first_replicas

CPU = {"resources": {"requests": {"cpu": 1}}}
METRIC = {"type": "Pods", "pods": {"metric": {"name": "m"}, "target": {"type": "AverageValue", "averageValue": "1"}}}
TRIGGER = {"type": "cron", "metadata": {"start": "0 8 * * *"}}
HPA, SCALED_OBJECT = "HorizontalPodAutoscaler", "ScaledObject"


def scaled(autoscaling: dict[str, Any], **spec: Any) -> list[dict[str, Any]]:
    return rendered(tfmodel(server=CPU, autoscaling={"maxReplicas": 5, **autoscaling}, **spec))


def kinds(manifests: list[dict[str, Any]]) -> set[str]:
    return {manifest["kind"] for manifest in manifests}


class TestHorizontalPodAutoscaler:
    @pytest.mark.parametrize(
        ("given", "cpu", "more"),
        [
            ({}, 80, []),
            ({"targetCPUUtilizationPercentage": 50}, 50, []),
            ({"metrics": [METRIC]}, None, [METRIC]),
            ({"metrics": [METRIC], "targetCPUUtilizationPercentage": 50}, 50, [METRIC]),
        ],
    )
    def test_what_it_scales_on(self, given: dict[str, Any], cpu: int | None, more: list[Any]) -> None:
        metrics = child(scaled(given), HPA)["spec"]["metrics"]
        ours = [metric["containerResource"] for metric in metrics if metric["type"] == "ContainerResource"]
        assert [metric["target"]["averageUtilization"] for metric in ours] == ([] if cpu is None else [cpu])
        assert [metric for metric in metrics if metric["type"] != "ContainerResource"] == more

    def test_cpu_is_that_of_the_model_servers_container(self) -> None:
        """A sidecar without a CPU request would else keep it from ever being known."""
        manifests = scaled({})
        [metric] = child(manifests, HPA)["spec"]["metrics"]
        assert metric["containerResource"]["container"] in [c["name"] for c in pod_spec(manifests)["containers"]]

    def test_it_scales_the_deployment_within_its_bounds(self) -> None:
        spec = child(scaled({"minReplicas": 2}), HPA)["spec"]
        assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "mnist"}
        assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 5)

    def test_behavior_is_passed_on_as_it_is(self) -> None:
        behavior = {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}
        assert child(scaled({"behavior": behavior}), HPA)["spec"]["behavior"] == behavior
        assert "behavior" not in child(scaled({}), HPA)["spec"]


class TestScaledObject:
    def test_a_trigger_is_all_that_it_takes(self) -> None:
        manifests = scaled({"minReplicas": 0, "keda": {"triggers": [TRIGGER]}})
        assert child(manifests, SCALED_OBJECT)["spec"] == {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "mnist"},
            "minReplicaCount": 0,
            "maxReplicaCount": 5,
            "triggers": [TRIGGER],
        }
        assert HPA not in kinds(manifests)

    def test_behavior_is_that_of_the_autoscaler_that_keda_makes(self) -> None:
        spec = child(scaled({"behavior": {"scaleDown": {}}, "keda": {"triggers": [TRIGGER]}}), SCALED_OBJECT)["spec"]
        assert spec["advanced"] == {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {}}}}

    def test_zero_is_said_where_it_means_something(self) -> None:
        keda = {"triggers": [TRIGGER], "cooldownPeriod": 0, "idleReplicaCount": 0}
        spec = child(scaled({"keda": keda}), SCALED_OBJECT)["spec"]
        assert (spec["cooldownPeriod"], spec["idleReplicaCount"]) == (0, 0)


class TestReplicas:
    @pytest.mark.parametrize(("least", "first"), [(0, 1), (1, 1), (3, 3)])
    def test_an_autoscaled_deployment_has_none_and_says_with_how_many_it_begins(self, least: int, first: int) -> None:
        found = child(scaled({"minReplicas": least, "keda": {"triggers": [TRIGGER]}}, replicas=4), "Deployment")
        assert "replicas" not in found["spec"]
        assert first_replicas(found) == first

    def test_no_autoscaler_no_annotation(self) -> None:
        found = child(rendered(tfmodel(replicas=4)), "Deployment")
        assert found["metadata"]["annotations"].keys() == {DIGEST_ANNOTATION}
        assert (found["spec"]["replicas"], first_replicas(found)) == (4, None)

    @pytest.mark.parametrize("annotation", ["", "many", "-1"])
    def test_an_annotation_that_is_no_count_is_none(self, annotation: str) -> None:
        assert first_replicas({"metadata": {"annotations": {FIRST_REPLICAS_ANNOTATION: annotation}}}) is None

    @pytest.mark.parametrize(
        ("autoscaling", "live", "aspired"),
        [
            (None, None, 4),
            (None, {"spec": {"replicas": 7}}, 4),
            ({"maxReplicas": 9, "minReplicas": 2}, None, 2),
            ({"maxReplicas": 9, "minReplicas": 2}, {"spec": {"replicas": 7}}, 7),
            ({"maxReplicas": 9, "minReplicas": 2}, {"spec": {"replicas": 0}}, 0),
            ({"maxReplicas": 9, "minReplicas": 2}, {"spec": {}}, 1),
        ],
    )
    def test_as_many_are_wanted_as_whoever_decides_has_said(self, autoscaling: Any, live: Any, aspired: int) -> None:
        assert desired_replicas(tfmodel(server=CPU, replicas=4, autoscaling=autoscaling), live) == aspired

    @pytest.mark.parametrize(("replicas", "most", "has_budget"), [(1, 5, True), (3, 1, False)])
    def test_a_budget_is_there_for_as_many_as_there_may_be(self, replicas: int, most: int, has_budget: bool) -> None:
        manifests = scaled({"maxReplicas": most}, replicas=replicas)
        assert ("PodDisruptionBudget" in kinds(manifests)) is has_budget


class TestSpread:
    def test_over_nodes_and_zones_where_that_is_possible(self) -> None:
        constraints = pod_spec(rendered(tfmodel()))["topologySpreadConstraints"]
        assert [c["topologyKey"] for c in constraints] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
        labels = child(rendered(tfmodel()), "Deployment")["spec"]["template"]["metadata"]["labels"]
        for constraint in constraints:
            assert (constraint["maxSkew"], constraint["whenUnsatisfiable"]) == (1, "ScheduleAnyway")
            assert constraint["labelSelector"]["matchLabels"].items() <= labels.items()
            assert constraint["matchLabelKeys"] == ["pod-template-hash"]

    @pytest.mark.parametrize("own", [[], [{"maxSkew": 3, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}]])
    def test_the_users_own_take_their_place(self, own: list[Any]) -> None:
        found = pod_spec(rendered(tfmodel(podTemplate={"topologySpreadConstraints": own})))
        assert found.get("topologySpreadConstraints", []) == own

    def test_scaling_replaces_no_pod(self) -> None:
        one, other, scaled_too = (
            child(manifests, "Deployment")["spec"]["template"]
            for manifests in (
                rendered(tfmodel(server=CPU, replicas=1)),
                rendered(tfmodel(server=CPU, replicas=9)),
                scaled({}),
            )
        )
        assert one == other == scaled_too

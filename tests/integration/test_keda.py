"""KEDA that is not there, comes, and goes again. Its definition is the real one; its operator is not run."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from testing.api_client import Api, Manifest
from testing.control_plane.control_plane import OPERATOR, ControlPlane
from testing.control_plane.keda import KEDA, install_keda, uninstall_keda
from testing.control_plane.operator_process import FLAGS, OperatorProcess, pretty, running_operator
from testing.fleet.fleet import BUDGET, condition, tfmodel, wait_for_children, wait_for_reason, writes
from testing.loopback import free_ports
from testing.waiting import eventually

SCALED_OBJECT = ("ScaledObject", "{}")

Start = Callable[[], AbstractContextManager[OperatorProcess]]


@pytest.fixture
def start(control_plane: ControlPlane, tmp_path: Path) -> Start:
    def begin() -> AbstractContextManager[OperatorProcess]:
        log = tmp_path / f"{time.monotonic_ns()}.log"
        return running_operator(control_plane.kubeconfig(OPERATOR), log, free_ports(1)[0], *FLAGS)

    return begin


@pytest.fixture
def without_keda(api: Api) -> Iterator[None]:
    uninstall_keda(api)
    yield
    uninstall_keda(api)


def _scaled_object(api: Api, namespace: str) -> Manifest:
    found = api.get("ScaledObject", namespace, "mnist")
    assert found is not None
    return found


@pytest.mark.usefixtures("without_keda")
def test_a_cluster_without_keda_gets_all_but_the_scaling_and_is_told(
    api: Api, namespace: str, start: Start, control_plane: ControlPlane
) -> None:
    with start() as operator:
        api.create(tfmodel(namespace, autoscaling=KEDA))
        wait_for_children(api, namespace, "mnist", BUDGET)
        found = wait_for_reason(api, namespace, "mnist", "KedaNotInstalled", "ScalingActive")
        assert "this cluster has no KEDA" in found["message"]
        assert (api.get("Deployment", namespace, "mnist") or {})["spec"]["replicas"] == 1
        time.sleep(3)
        assert operator.process.poll() is None
        assert [write for write in writes(control_plane, namespace) if "scaledobjects" in write] == []
        assert operator.metric("controller_runtime_reconcile_errors_total", controller="tfmodel") == 0.0


@pytest.mark.usefixtures("without_keda")
def test_keda_that_comes_later_is_taken_up_by_a_restart_with_one_line(api: Api, namespace: str, start: Start) -> None:
    with start() as operator:
        api.create(tfmodel(namespace, autoscaling=KEDA))
        wait_for_reason(api, namespace, "mnist", "KedaNotInstalled", "ScalingActive")
        install_keda(api)
        eventually(lambda: operator.process.poll() is not None, explain=operator.lines)
        assert operator.process.returncode == 0
        assert len([line for line in operator.lines() if "ScaledObject" in line]) == 1
        assert "Traceback" not in "\n".join(operator.lines())
    with start():
        wait_for_reason(api, namespace, "mnist", "AutoscalerPending", "ScalingActive")
        spec = _scaled_object(api, namespace)["spec"]
        assert (spec["minReplicaCount"], spec["maxReplicaCount"], spec["triggers"]) == (0, 4, KEDA["keda"]["triggers"])
        advanced = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        assert advanced["stabilizationWindowSeconds"] == 600


@pytest.mark.usefixtures("without_keda")
def test_a_scaled_object_is_a_child_like_any_other(
    api: Api, namespace: str, start: Start, control_plane: ControlPlane
) -> None:
    """Applied, repaired, at rest, swapped for a HorizontalPodAutoscaler, and pruned."""
    install_keda(api)
    with start():
        api.create(tfmodel(namespace, autoscaling=KEDA))
        wait_for_children(api, namespace, "mnist", BUDGET, SCALED_OBJECT)
        before = _scaled_object(api, namespace)["spec"]
        api.patch("ScaledObject", namespace, "mnist", {"spec": {"maxReplicaCount": 99}})
        eventually(lambda: _scaled_object(api, namespace)["spec"] == before)
        api.delete("ScaledObject", namespace, "mnist")
        eventually(lambda: (api.get("ScaledObject", namespace, "mnist") or {}).get("spec") == before)
        _say(api, namespace, "True", "ScaledObjectReady")
        wait_for_reason(api, namespace, "mnist", "Autoscaling", "ScalingActive")
        quiet = writes(control_plane, namespace)
        time.sleep(3)
        assert writes(control_plane, namespace) == quiet
        cpu = {"resources": {"requests": {"cpu": 1}}}
        api.patch(
            "TFModel", namespace, "mnist", {"spec": {"server": cpu, "autoscaling": {"keda": None, "minReplicas": 1}}}
        )
        eventually(lambda: api.get("HorizontalPodAutoscaler", namespace, "mnist"))
        assert api.get("ScaledObject", namespace, "mnist") is None


def _say(api: Api, namespace: str, status: str, reason: str) -> None:
    """As KEDA's operator does."""
    ready = {"type": "Ready", "status": status, "reason": reason, "message": "said by the test"}
    body = {"status": {"conditions": [ready]}}
    api.patch("ScaledObject", namespace, "mnist", body, "status")


@pytest.mark.usefixtures("without_keda")
def test_keda_that_is_taken_away_ends_the_process_and_is_told_by_the_next(
    api: Api, namespace: str, start: Start
) -> None:
    install_keda(api)
    with start() as operator:
        api.create(tfmodel(namespace, autoscaling=KEDA))
        wait_for_children(api, namespace, "mnist", BUDGET, SCALED_OBJECT)
        uninstall_keda(api)
        eventually(lambda: operator.process.poll() is not None, 120, lambda: operator.lines()[-20:])
    with start():
        wait_for_reason(api, namespace, "mnist", "KedaNotInstalled", "ScalingActive")
        ready = condition(api.get("TFModel", namespace, "mnist"))
        assert ready["reason"] == "Deploying", pretty(ready)

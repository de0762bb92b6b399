"""`--namespaces`: Roles in the chosen ones suffice, and nothing anywhere else is asked for, let alone touched."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import Api
from testing.control_plane.candidates import STATUS
from testing.control_plane.control_plane import MASTERS, OPERATOR, TESTER, ControlPlane, running_control_plane
from testing.control_plane.crd import install_crd
from testing.control_plane.operator_process import FLAGS, OperatorProcess, running_operator
from testing.fleet.fleet import tfmodel, wait_for_children
from testing.loopback import free_ports
from testing.waiting import eventually
from tfs_operator.cluster.kinds import RESOURCES
from tfs_operator.controller.kinds import CHILD_KINDS

CHOSEN = ("team-a", "team-b")
OTHER = "team-c"
HOME = "operators"
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces"


@pytest.fixture(scope="module")
def guarded_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """An API server that allows only what a Role allows."""
    folder = tmp_path_factory.mktemp("guarded-control-plane")
    users = {OPERATOR: "operators", TESTER: MASTERS}
    with running_control_plane(folder, users, ["--authorization-mode=RBAC"]) as plane:
        install_crd(Api(plane.kubeconfig(TESTER)))
        yield plane


@pytest.fixture(scope="module")
def guarded(guarded_plane: ControlPlane) -> Api:
    """With every namespace and Role in it."""
    api = Api(guarded_plane.kubeconfig(TESTER))
    for namespace in (*CHOSEN, OTHER, HOME):
        api.create_namespace(namespace)
    for namespace in CHOSEN:
        grant(api, namespace, served_rules())
    grant(api, HOME, [rule("coordination.k8s.io", "leases", "get", "create", "update")])
    return api


def grant(api: Api, namespace: str, rules: list[dict[str, Any]]) -> None:
    """A Role, bound to the operator."""
    metadata = {"name": "operator", "namespace": namespace}
    user = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": OPERATOR}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "operator"}
    api.request("POST", f"{RBAC}/{namespace}/roles", {"metadata": metadata, "rules": rules})
    api.request("POST", f"{RBAC}/{namespace}/rolebindings", {"metadata": metadata, "subjects": [user], "roleRef": role})


def served_rules() -> list[dict[str, Any]]:
    children = [
        rule(_group(kind), RESOURCES[kind].plural, "get", "list", "watch", "create", "patch", "delete")
        for kind in CHILD_KINDS
    ]
    return [
        *children,
        rule("tfs-operator.io", "tfmodels", "get", "list", "watch"),
        rule("tfs-operator.io", "tfmodels/status", "patch"),
        rule("", "pods", "get", "list", "watch"),
        rule("events.k8s.io", "events", "create", "patch"),
    ]


def rule(group: str, resource: str, *verbs: str) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}


def _group(kind: str) -> str:
    return RESOURCES[kind].api_version.rpartition("/")[0]


@pytest.fixture(scope="module")
def operator(
    guarded_plane: ControlPlane, guarded: Api, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    """With one flag for both, as the chart gives it, and a Lease in a third namespace."""
    log = tmp_path_factory.mktemp("operator") / "operator.log"
    flags = (*FLAGS, f"--namespaces={','.join(CHOSEN)}", "--leader-elect", f"--lease-namespace={HOME}")
    with running_operator(guarded_plane.kubeconfig(OPERATOR), log, free_ports(1)[0], *flags) as process:
        eventually(lambda: process.metric(STATUS, name="tfs-operator") == 1.0, explain=process.lines)
        yield process


@pytest.mark.parametrize("namespace", CHOSEN)
def test_a_tfmodel_in_a_chosen_namespace_is_served_and_repaired(
    guarded: Api, operator: OperatorProcess, namespace: str
) -> None:
    guarded.create(tfmodel(namespace, replicas=2))
    wait_for_children(guarded, namespace, "mnist")
    guarded.delete("Service", namespace, "mnist")
    eventually(lambda: guarded.get("Service", namespace, "mnist"))


def test_one_elsewhere_is_left_alone_and_nothing_forbidden_is_asked_for(
    guarded_plane: ControlPlane, guarded: Api, operator: OperatorProcess
) -> None:
    """After the one elsewhere, one that is served: so the operator has had its time."""
    guarded.create(tfmodel(OTHER))
    guarded.create(tfmodel(CHOSEN[0], "later"))
    wait_for_children(guarded, CHOSEN[0], "later")
    live = guarded.get("TFModel", OTHER, "mnist") or {}
    assert "status" not in live
    asked = guarded_plane.requests(OPERATOR)
    assert {event["responseStatus"]["code"] for event in asked} <= {200, 201, 404, 409}
    namespaces = {event["objectRef"].get("namespace") for event in asked if "objectRef" in event}
    assert namespaces == {*CHOSEN, HOME}


def test_a_namespace_without_its_role_holds_up_no_other_one(
    guarded_plane: ControlPlane, guarded: Api, tmp_path: Path
) -> None:
    """It is said, and served once its Role is there."""
    late = "team-late"
    guarded.create_namespace(late)
    guarded.create(tfmodel(late))
    guarded.create(tfmodel(CHOSEN[1], "beside"))
    flags = (*FLAGS, f"--namespaces={CHOSEN[1]}", f"--namespaces={late}")
    kubeconfig = guarded_plane.kubeconfig(OPERATOR)
    log = tmp_path / "operator.log"
    with running_operator(kubeconfig, log, free_ports(1)[0], *flags) as process:
        wait_for_children(guarded, CHOSEN[1], "beside")
        assert [line for line in process.lines() if f"namespace {late} is left out" in line]
        grant(guarded, late, served_rules())
        eventually(lambda: guarded.get("Deployment", late, "mnist"), explain=process.lines)

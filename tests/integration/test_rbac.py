"""The operator under exactly the rights and arguments that the chart gives it, on an API server that enforces RBAC.

One walk through the life of TFModels, then two questions: was anything refused, and was every right used? A right
that a new feature needs is missing here first; one that nothing needs any more is found too. A feature that makes a
child of a new kind adds a TFModel that has one to MODELS.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import Api, Manifest
from testing.chart import Chart
from testing.control_plane.access_log import AccessLog, Right, access_log
from testing.control_plane.control_plane import MASTERS, TESTER, ControlPlane, binary, running_control_plane
from testing.control_plane.crd import install_crd
from testing.control_plane.keda import KEDA, install_keda
from testing.control_plane.operator_process import pretty, running_operator
from testing.fleet.fleet import condition, tfmodel, wait_for_reason
from testing.fleet.model_folder import ModelFolder
from testing.fleet.served import serving
from testing.loopback import free_ports
from testing.waiting import eventually
from tfs_operator.api.identity import KIND
from tfs_operator.cluster.cache import controller_of
from tfs_operator.cluster.kinds import RESOURCES
from tfs_operator.controller.kinds import CHILD_KINDS
from tfs_operator.render.metadata import MANAGED_BY, MANAGED_BY_LABEL

HOME = "tfs-system"
USER = f"system:serviceaccount:{HOME}:tfs-operator"
RBAC_PATHS = {
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
}
PARTS = ("apiGroups", "resources", "verbs")
MODELS: dict[str, dict[str, Any]] = {
    "replicated": {"replicas": 2},
    "autoscaled": {
        "autoscaling": {"maxReplicas": 4, "targetCPUUtilizationPercentage": 80},
        "server": {"resources": {"requests": {"cpu": "1"}}},
    },
    "by-keda": {"autoscaling": KEDA},
    "recycled": {"server": {"resources": {"limits": {"memory": "1Gi"}}, "recycle": {"memoryPercent": 80}}},
}
"""Name → spec: together they have a child of every kind, and use what else is granted. Each has a namespace of its
own."""
CASES = {
    "everywhere": [],
    "chosen namespaces": [f"watchNamespaces={{{','.join(f'rbac-{name}' for name in MODELS)}}}"],
}
"""Name → settings of the chart."""


@dataclass(frozen=True)
class Installed:
    """The chart's rights and arguments, on a control plane of their own."""

    plane: ControlPlane
    log: AccessLog
    manifests: list[Manifest]

    @property
    def api(self) -> Api:
        """The tests' own way in: may do everything."""
        return Api(self.plane.kubeconfig(TESTER))

    @property
    def flags(self) -> list[str]:
        (deployment,) = (each for each in self.manifests if each["kind"] == "Deployment")
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        return [each for each in container["args"] if not each.startswith("--http-port")]

    @property
    def granted(self) -> dict[str | None, set[Right]]:
        """Namespace, or None for all → what the roles allow there that are bound to the operator's account."""
        roles = {identity(each): rights(each) for each in self.manifests if "rules" in each}
        granted: dict[str | None, set[Right]] = {}
        for binding in filter(is_bound, self.manifests):
            where = binding["metadata"].get("namespace")
            granted.setdefault(where, set()).update(
                roles[binding["roleRef"]["kind"], where, binding["roleRef"]["name"]]
            )
        return granted

    @property
    def everything_granted(self) -> set[Right]:
        return set().union(*self.granted.values())

    def refused(self) -> list[str]:
        """The operator's requests that it had no right to."""
        asked = self.plane.requests(USER)
        return [
            f"{each['verb']} {each['requestURI']}" for each in asked if each["responseStatus"]["code"] in (401, 403)
        ]


def rights(role: Manifest) -> set[Right]:
    return {Right(*each) for rule in role["rules"] for each in product(*(rule[part] for part in PARTS))}


def is_bound(manifest: Manifest) -> bool:
    return any(
        f"system:serviceaccount:{each['namespace']}:{each['name']}" == USER for each in manifest.get("subjects", [])
    )


@pytest.fixture(scope="module", params=CASES)
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    folder = tmp_path_factory.mktemp("rbac")
    chart = Chart(binary("helm"))
    settings = [*CASES[request.param], "statusPollSeconds=2", "test.enabled=false"]
    manifests = chart.render(*settings, namespace=HOME)
    users = {USER: "system:serviceaccounts", TESTER: MASTERS}
    with access_log(folder) as log, running_control_plane(folder, users, log.flags) as plane:
        found = Installed(plane, log, manifests)
        install_crd(found.api)
        install_keda(found.api)
        for namespace in (HOME, *(f"rbac-{name}" for name in MODELS)):
            found.api.create_namespace(namespace)
        for each in manifests:
            if path := RBAC_PATHS.get(each["kind"]):
                found.api.request("POST", path.format(each["metadata"].get("namespace")), each)
        yield found


@pytest.fixture(scope="module")
def walked(installed: Installed, saved_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The whole walk, once for all questions."""
    folder = tmp_path_factory.mktemp("walk")
    models = ModelFolder(folder / "models", saved_model)
    models.publish(1, 2)
    kubeconfig, port = installed.plane.kubeconfig(USER), free_ports(1)[0]
    with running_operator(kubeconfig, folder / "operator.log", port, *installed.flags):
        for name, spec in MODELS.items():
            live(installed.api, f"rbac-{name}", spec)
        if None in installed.granted:
            roll_out(installed.api, models, folder / "pods")
    return installed


def memory_is_unreadable(api: Api, namespace: str) -> bool:
    """Tells whether the operator has asked for it: the API server here has no metrics API."""
    found = api.get("TFModel", namespace, "mnist")
    return found is not None and condition(found, "MemoryBounded").get("reason") == "MetricsUnavailable"


def live(api: Api, namespace: str, spec: dict[str, Any]) -> None:
    """From the first child to the end: created, repaired, pruned, in the way, scaled, deleted."""
    api.create(tfmodel(namespace, **spec))
    wait_for_reason(api, namespace, "mnist", "Deploying")
    if "recycle" in spec.get("server", {}):
        until(api, namespace, lambda: memory_is_unreadable(api, namespace))
    for child in children(api, namespace):
        edit(api, child)
        delete(api, child)
        have_pruned(api, child)
        take_name(api, child)
    have_counted(api, namespace)
    api.patch(KIND, namespace, "mnist", {"spec": {"replicas": 1, "autoscaling": None}})
    until(api, namespace, lambda: api.get("PodDisruptionBudget", namespace, "mnist") is None)
    api.delete(KIND, namespace, "mnist")


def children(api: Api, namespace: str) -> list[Manifest]:
    """As the API server has them."""
    found = [each | {"kind": kind} for kind in CHILD_KINDS for each in api.list(kind, namespace)]
    return [each for each in found if (owner := controller_of(each)) and owner["kind"] == KIND]


def edit(api: Api, child: Manifest) -> None:
    """Somebody takes our label away; it comes back."""
    kind, namespace, name = identity(child)
    api.patch(kind, namespace, name, {"metadata": {"labels": {MANAGED_BY_LABEL: None}}})
    until(api, namespace, lambda: labels(api.get(kind, namespace, name)).get(MANAGED_BY_LABEL) == MANAGED_BY)


def delete(api: Api, child: Manifest) -> None:
    """Somebody deletes it; it comes back."""
    kind, namespace, name = identity(child)
    api.delete(kind, namespace, name)
    until(api, namespace, lambda: api.get(kind, namespace, name) is not None)


def have_pruned(api: Api, child: Manifest) -> None:
    """One more of that kind, as an earlier release may have left it; it goes."""
    kind, namespace, _ = identity(child)
    kept = {key: child["metadata"][key] for key in ("labels", "ownerReferences")}
    api.create(another(child, name="stray", **kept))
    until(api, namespace, lambda: api.get(kind, namespace, "stray") is None)


def take_name(api: Api, child: Manifest) -> None:
    """While nobody looks, it is replaced by somebody else's; that is said, and it comes back once there is room."""
    kind, namespace, name = identity(child)
    suspend(api, namespace)
    api.delete(kind, namespace, name)
    api.create(another(child, name=name))
    api.patch(KIND, namespace, "mnist", {"spec": {"suspend": None}})
    until(api, namespace, lambda: f"{kind} {name} exists" in said(api, namespace))
    api.delete(kind, namespace, name)
    until(api, namespace, lambda: controller_of(api.get(kind, namespace, name) or {"metadata": {}}) is not None)
    wait_for_reason(api, namespace, "mnist", "Deploying")


def suspend(api: Api, namespace: str) -> None:
    api.patch(KIND, namespace, "mnist", {"spec": {"suspend": True}})
    wait_for_reason(api, namespace, "mnist", "Suspended")


def said(api: Api, namespace: str) -> str:
    """All that the TFModel's conditions say."""
    live = api.get(KIND, namespace, "mnist") or {}
    return "; ".join(each["message"] for each in live.get("status", {}).get("conditions", []))


def another(item: Manifest, **metadata: Any) -> Manifest:
    """Of the same content, without what the API server adds."""
    copy = {key: value for key, value in item.items() if key not in ("metadata", "status", "spec")}
    if spec := {key: value for key, value in item.get("spec", {}).items() if not key.startswith("clusterIP")}:
        copy["spec"] = spec
    return {**copy, "metadata": {"namespace": item["metadata"]["namespace"], **metadata}}


def have_counted(api: Api, namespace: str) -> None:
    """It was suspended more than once, which is one event: repeats are counted, some seconds later."""
    until(api, namespace, lambda: any("series" in event for event in api.list("Event", namespace)), 30)


def roll_out(api: Api, models: ModelFolder, logs: Path) -> None:
    """To a version that pods with model servers in them load and label, in a namespace of their own."""
    with serving(api, models, logs) as served:
        served.edit(versionLabels={"stable": 2})
        served.until_done()
        assert condition(served.tfmodel())["reason"] == "Serving"


def identity(item: Manifest) -> tuple[str, Any, str]:
    """Kind, namespace if it has one, name."""
    return item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]


def labels(item: Manifest | None) -> dict[str, str]:
    return dict(item["metadata"].get("labels") or {}) if item else {}


def until(api: Api, namespace: str, holds: Callable[[], bool], seconds: float = 15.0) -> None:
    eventually(holds, seconds, lambda: pretty(api.list(KIND, namespace)))


def test_nothing_is_refused(walked: Installed) -> None:
    assert walked.refused() == []


def test_every_right_is_used_and_no_other_is_needed(walked: Installed) -> None:
    needed = walked.log.needed_by(USER)
    assert sorted(needed - walked.everything_granted) == [], "needed, but not granted"
    for where, granted in walked.granted.items():
        alike = [each for each, rights in walked.granted.items() if rights == granted]
        unused = granted.difference(*(walked.log.needed_by(USER, each) for each in alike))
        assert sorted(unused) == [], f"granted in {where or 'all namespaces'} and wherever else, but nothing needs it"


def test_the_walk_has_a_child_of_every_kind(walked: Installed) -> None:
    """Else a right would seem unused."""
    made = {event["objectRef"]["resource"] for event in walked.plane.requests(USER) if event["verb"] == "patch"}
    assert {RESOURCES[kind].plural for kind in CHILD_KINDS} <= made


def test_no_secret_is_ever_read(walked: Installed) -> None:
    assert not [
        right for right in walked.everything_granted | walked.log.needed_by(USER) if "secrets" in right.resource
    ]

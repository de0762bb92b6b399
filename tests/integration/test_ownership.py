"""Objects of others are never changed, whenever they appear: the children are written by hand here, with a cache that
is behind, against the real API server. No operator runs in this module."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from testing.api_client import Api, Manifest
from testing.control_plane.control_plane import OPERATOR, ControlPlane
from testing.fleet.fleet import reads, tfmodel
from tfs_operator.api.conditions import Reason
from tfs_operator.api.resource import TFModel
from tfs_operator.cluster import config
from tfs_operator.cluster.cache import Cache, Key, key_of
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.controller.apply.children import Children
from tfs_operator.domain.model_config import aspired_config
from tfs_operator.domain.observation import Problem
from tfs_operator.render import Settings, children
from tfs_operator.render.settings import NetworkPolicySettings

KINDS = ("ConfigMap", "Service", "Deployment", "PodDisruptionBudget", "NetworkPolicy")
SETTINGS = Settings(network_policies=NetworkPolicySettings(operator_namespace="default"))
LABELS = {"app": "other"}
POD = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "c", "image": "example/other:1"}]}}
BODIES: dict[str, Manifest] = {
    "ConfigMap": {"data": {"models.config": "mine"}},
    "Service": {"spec": {"ports": [{"port": 80}], "selector": LABELS}},
    "Deployment": {"spec": {"selector": {"matchLabels": LABELS}, "template": POD}},
    "PodDisruptionBudget": {"spec": {"maxUnavailable": 2, "selector": {"matchLabels": LABELS}}},
    "NetworkPolicy": {"spec": {"podSelector": {"matchLabels": LABELS}}},
}
NAME_TAKEN = {"conditions": [{"type": "Ready", "status": "False", "reason": "NameTaken"}]}


def foreign(child: Manifest) -> Manifest:
    metadata = {"name": child["metadata"]["name"], "namespace": child["metadata"]["namespace"], "labels": LABELS}
    return {"apiVersion": child["apiVersion"], "kind": child["kind"], "metadata": metadata, **BODIES[child["kind"]]}


class Passes:
    """Passes over the children of one TFModel. The cache learns from nobody but the answers to its own writes."""

    def __init__(self, api: Api, client: ClusterClient, namespace: str) -> None:
        self.api = api
        self.cache = Cache()
        self.children = Children(client, self.cache)
        self.tfmodel = api.create(tfmodel(namespace, replicas=2))

    def rendered(self) -> list[Manifest]:
        parsed = TFModel.parse(self.tfmodel)
        return children(parsed, aspired_config("mnist", parsed.spec), SETTINGS)

    def child(self, kind: str) -> Manifest:
        return next(child for child in self.rendered() if child["kind"] == kind)

    def edit(self, **spec: Any) -> None:
        name, namespace = (self.tfmodel["metadata"][part] for part in ("name", "namespace"))
        self.tfmodel = self.api.patch("TFModel", namespace, name, {"spec": spec})

    async def again(self) -> Problem | None:
        trouble = await self.children.reconcile(TFModel.parse(self.tfmodel), self.rendered())
        return trouble.problem if trouble else None

    def live(self) -> dict[Key, Manifest | None]:
        return {key: self.api.get(*key) for key in map(key_of, self.rendered())}


@pytest.fixture
async def client(control_plane: ControlPlane) -> AsyncIterator[ClusterClient]:
    client = ClusterClient(await config.load(str(control_plane.kubeconfig(OPERATOR))))
    yield client
    await client.close()


@pytest.fixture
def passes(api: Api, client: ClusterClient, namespace: str) -> Passes:
    return Passes(api, client, namespace)


async def test_children_are_made_without_a_read(control_plane: ControlPlane, passes: Passes, namespace: str) -> None:
    assert await passes.again() is None
    assert all(passes.live().values())
    assert reads(control_plane, namespace) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_one_that_was_there_before_stays_as_it_was(passes: Passes, kind: str) -> None:
    before = passes.api.create(foreign(passes.child(kind)))
    problem = await passes.again()
    assert problem is not None
    assert problem.reason is Reason.NAME_TAKEN
    assert [live for live in passes.live().values() if live is not None] == [before]


@pytest.mark.parametrize("kind", KINDS)
async def test_one_that_has_replaced_a_child_stays_as_it_was(passes: Passes, kind: str) -> None:
    """The cache still has the child that was ours."""
    assert await passes.again() is None
    child = passes.child(kind)
    passes.api.delete(*key_of(child))
    before = passes.api.create(foreign(child))
    _change_every_child(passes)
    problem = await passes.again()
    assert problem is not None
    assert f"{kind} {child['metadata']['name']} exists and is not made by tfs-operator" in problem.message
    assert passes.api.get(*key_of(child)) == before


@pytest.mark.parametrize("kind", KINDS)
async def test_one_that_appears_after_a_look_stays_as_it_was(
    passes: Passes, client: ClusterClient, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A name that was taken is looked at first; it was free, and is no more when it is written to."""
    passes.cache.upsert({**passes.tfmodel, "status": NAME_TAKEN})
    child, look = passes.child(kind), client.get
    made: list[Manifest] = []

    async def look_too_soon(*key: str) -> Manifest | None:
        found = await look(*key)
        if key == key_of(child) and not made:
            assert found is None
            made.append(passes.api.create(foreign(child)))
        return found

    monkeypatch.setattr(client, "get", look_too_soon)
    problem = await passes.again()
    assert problem is not None
    assert problem.reason is Reason.NAME_TAKEN
    assert [live for live in passes.live().values() if live is not None] == made


@pytest.mark.parametrize("kind", KINDS)
async def test_a_child_that_is_gone_unnoticed_is_made_anew(passes: Passes, kind: str) -> None:
    assert await passes.again() is None
    passes.api.delete(*key_of(passes.child(kind)))
    _change_every_child(passes)
    assert await passes.again() is None
    assert all(passes.live().values())


async def test_children_that_the_cache_does_not_know_are_taken_up(
    api: Api, client: ClusterClient, passes: Passes
) -> None:
    """As after the answer to a write that was lost: nothing is written once more."""
    assert await passes.again() is None
    before = passes.live()
    passes.cache = Cache()
    passes.children = Children(client, passes.cache)
    assert await passes.again() is None
    assert passes.live() == before


DROPPED: tuple[tuple[str, dict[str, Any], Callable[[Manifest], Any]], ...] = (
    ("Deployment", {"podTemplate": {"nodeSelector": {"disk": "ssd"}}}, lambda live: _pod(live).get("nodeSelector")),
    ("Deployment", {"podTemplate": {"priorityClassName": "high"}}, lambda live: _pod(live).get("priorityClassName")),
    ("Service", {"service": {"annotations": {"a/b": "1"}}}, lambda live: live["metadata"]["annotations"].get("a/b")),
)


def _pod(live: Manifest) -> Manifest:
    return dict(live["spec"]["template"]["spec"])


@pytest.mark.parametrize(("kind", "spec", "field"), DROPPED)
async def test_what_a_child_was_made_with_is_taken_out_of_it(
    passes: Passes, kind: str, spec: dict[str, Any], field: Callable[[Manifest], Any]
) -> None:
    """What it was made with is ours to take away: the first write is an apply, too."""
    passes.edit(**spec)
    assert await passes.again() is None
    key = key_of(passes.child(kind))
    made = passes.api.get(*key)
    assert made is not None
    assert field(made)
    assert [(entry["manager"], entry["operation"]) for entry in made["metadata"]["managedFields"]] == [
        ("tfs-operator", "Apply")
    ]
    passes.edit(**dict.fromkeys(spec))
    assert await passes.again() is None
    changed = passes.api.get(*key)
    assert changed is not None
    assert not field(changed)
    assert changed["metadata"]["uid"] == made["metadata"]["uid"]


def _change_every_child(passes: Passes) -> None:
    """As if somebody had edited them: the digest is gone."""
    for live in [passes.cache.get(*key) for key in map(key_of, passes.rendered())]:
        if live is not None:
            live["metadata"]["annotations"] = {}

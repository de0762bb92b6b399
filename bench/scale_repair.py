"""How long it takes until a child that somebody deleted or edited is as it was."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.scale_models import EVERY_KIND, NAMESPACE, children_of_each, tfmodel
from bench.scale_world import World
from bench.watch_cache import Holds, Name
from testing.api_client import Manifest
from tfs_operator.domain.drift import DIGEST_ANNOTATION

REPAIRED = "repaired"
PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.2
"""After which the operator is at rest again."""

EDITS: Mapping[str, Manifest] = {
    "ConfigMap": {"data": {"models.config": "edited"}},
    "Service": {"spec": {"selector": {"app.kubernetes.io/instance": "edited"}}},
    "Deployment": {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 99}}}},
    "PodDisruptionBudget": {"spec": {"maxUnavailable": 2}},
    "HorizontalPodAutoscaler": {"spec": {"maxReplicas": 77}},
}
OF_ANY_KIND: Manifest = {"metadata": {"annotations": {DIGEST_ANNOTATION: "edited"}}}


@dataclass(frozen=True)
class Repairs:
    """Of one kind. Seconds, from the request that does the damage until the repaired child is seen."""

    deleted: tuple[float, ...]
    edited: tuple[float, ...]

    def __add__(self, more: "Repairs") -> "Repairs":
        return Repairs(self.deleted + more.deleted, self.edited + more.edited)


async def repairs(world: World, rounds: int) -> dict[str, Repairs]:
    """By kind, of a TFModel that has children of all kinds; each is damaged so many times either way."""
    manifest = tfmodel(REPAIRED, **EVERY_KIND)
    await world.api.create(manifest)
    found: dict[str, Repairs] = {}
    for name in children_of_each([manifest]):
        await world.cache.until(name, lambda live: live is not None, PATIENCE_SECONDS)
        await asyncio.sleep(PAUSE_SECONDS)
        done = Repairs(await _deletions(world, name, rounds), await _edits(world, name, rounds))
        found[name.kind] = found[name.kind] + done if name.kind in found else done
    return found


async def _deletions(world: World, name: Name, rounds: int) -> tuple[float, ...]:
    times = []
    for _ in range(rounds):
        uid, began = world.cache.live[name]["metadata"]["uid"], asyncio.get_running_loop().time()
        await world.api.delete(name.kind, NAMESPACE, name.name)
        times.append(await world.cache.until(name, _another_than(uid), PATIENCE_SECONDS) - began)
        await asyncio.sleep(PAUSE_SECONDS)
    return tuple(times)


def _another_than(uid: str) -> Holds:
    return lambda live: live is not None and live["metadata"]["uid"] != uid


async def _edits(world: World, name: Name, rounds: int) -> tuple[float, ...]:
    times = []
    for _ in range(rounds):
        before, began = world.cache.live[name], asyncio.get_running_loop().time()
        await world.api.patch(name.kind, NAMESPACE, name.name, EDITS.get(name.kind, OF_ANY_KIND))
        times.append(await world.cache.until(name, _as_again(before), PATIENCE_SECONDS) - began)
        await asyncio.sleep(PAUSE_SECONDS)
    return tuple(times)


def _as_again(before: Manifest) -> Holds:
    """Another revision of the same: not the one before the edit."""
    return lambda live: live is not None and _version(live) != _version(before) and _content(live) == _content(before)


def _version(item: Manifest) -> str:
    return str(item["metadata"]["resourceVersion"])


def _content(item: Manifest) -> list[Any]:
    return [item.get("spec"), item.get("data"), item["metadata"].get("annotations")]

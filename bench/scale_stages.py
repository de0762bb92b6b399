"""What `make bench-scale` measures with one number of TFModels, stage by stage."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.audit import Requests
from bench.scale_models import AUTOSCALER, DEPLOYMENT, NAMESPACE, children_of_each
from bench.scale_world import World, cpu_of
from bench.usage import OthersCpu
from bench.watch_cache import Name
from testing.api_client import Manifest
from testing.control_plane.operator_process import OperatorProcess
from tfs_operator.api.identity import KIND

CREATORS = 16
"""Requests of the benchmark that are under way at once."""

SECONDS_A_TFMODEL = 0.5
"""After which a burst is given up."""
PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class Burst:
    """Many TFModels created as fast as the API server takes them. Seconds, from the first request on."""

    tfmodels: int
    children: int
    taken: float
    """Until the API server had all TFModels."""
    complete: float
    """Until every child existed."""
    to_deployment: tuple[float, ...]
    """Of each TFModel, from the request that creates it until its Deployment is seen."""
    cpu: float
    """CPU seconds of the operator, until it was quiet again."""
    requests: Requests
    others: float
    """How many cores other processes of the machine kept busy meanwhile."""


@dataclass(frozen=True)
class Rest:
    """Seconds in which nothing happens."""

    seconds: float
    cpu: float
    requests: Requests


@dataclass(frozen=True)
class Restart:
    """From the start of a process until it has looked at every TFModel, and what it asked until it was quiet."""

    seconds: float
    cpu: float
    requests: Requests


@dataclass(frozen=True)
class Singles:
    """TFModels created one at a time. Seconds of each, from the request that creates it until its child is seen."""

    to_deployment: tuple[float, ...]
    to_autoscaler: tuple[float, ...]


async def burst(world: World, operator: OperatorProcess, tfmodels: Sequence[Manifest]) -> Burst:
    loop = asyncio.get_running_loop()
    limit = 20 + SECONDS_A_TFMODEL * len(tfmodels)
    expected = list(children_of_each(tfmodels))
    world.audit.since_last()
    others, cpu, began = OthersCpu([*world.processes, operator.process.pid]), cpu_of(operator), loop.time()
    sent = await _create(world, tfmodels)
    taken = loop.time()
    for child in expected:
        await world.cache.until(child, lambda live: live is not None, began + limit - loop.time())
    complete = max(world.cache.made[child] for child in expected)
    busy = others.seconds() / (loop.time() - began)
    for name in sent:
        await world.cache.until(Name(KIND, NAMESPACE, name), _has_status, began + limit - loop.time())
    requests = await world.until_quiet(limit)
    return Burst(
        tfmodels=len(tfmodels),
        children=len(expected) // len(tfmodels),
        taken=taken - began,
        complete=complete - began,
        to_deployment=tuple(world.cache.made[Name(DEPLOYMENT, NAMESPACE, name)] - at for name, at in sent.items()),
        cpu=cpu_of(operator) - cpu,
        requests=requests,
        others=busy,
    )


async def _create(world: World, tfmodels: Sequence[Manifest]) -> dict[str, float]:
    """When each was sent, by name."""
    sent: dict[str, float] = {}
    waiting = iter(tfmodels)

    async def create() -> None:
        for manifest in waiting:
            sent[manifest["metadata"]["name"]] = asyncio.get_running_loop().time()
            await world.api.create(manifest)

    await asyncio.gather(*(create() for _ in range(CREATORS)))
    return sent


def _has_status(live: Manifest | None) -> bool:
    return bool((live or {}).get("status", {}).get("conditions"))


async def rest(world: World, operator: OperatorProcess, seconds: float) -> Rest:
    world.audit.since_last()
    cpu, began = cpu_of(operator), time.monotonic()
    await asyncio.sleep(seconds)
    return Rest(time.monotonic() - began, cpu_of(operator) - cpu, world.audit.since_last())


async def restarted(world: World, operator: OperatorProcess, began: float, tfmodels: int) -> Restart:
    """`began` is when the process was started, by time.monotonic."""
    limit = 20 + SECONDS_A_TFMODEL * tfmodels
    async with asyncio.timeout(limit):
        while await asyncio.to_thread(_reconciles, operator) < tfmodels:  # noqa: ASYNC110  # another process
            await asyncio.sleep(PAUSE_SECONDS)
    seconds, cpu = time.monotonic() - began, cpu_of(operator)
    return Restart(seconds, cpu, await world.until_quiet(limit))


def _reconciles(operator: OperatorProcess) -> float:
    """So far. An operator that is not up yet has done none."""
    lines = operator.get("/metrics")[1].splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("controller_runtime_reconcile_total{"))


async def one_at_a_time(world: World, tfmodels: Sequence[Manifest]) -> Singles:
    """Creates each when nothing else goes on. All of them have an autoscaler."""
    times = []
    for manifest in tfmodels:
        began = asyncio.get_running_loop().time()
        await world.api.create(manifest)
        name = manifest["metadata"]["name"]
        await world.cache.until(Name(KIND, NAMESPACE, name), _has_status, 20)
        times.append([world.cache.made[Name(kind, NAMESPACE, name)] - began for kind in (DEPLOYMENT, AUTOSCALER)])
        await asyncio.sleep(PAUSE_SECONDS)
    return Singles(*(tuple(column) for column in zip(*times, strict=True)))

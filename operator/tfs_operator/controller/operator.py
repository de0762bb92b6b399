"""Puts the parts together and keeps them running."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from kubernetes.aio.client import ApiClient

from tfs_operator.cluster import config
from tfs_operator.cluster.cache import Cache
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.events import EventRecorder
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.children import Children
from tfs_operator.controller.fetchers import Fetchers
from tfs_operator.controller.health import Health, application
from tfs_operator.controller.intake import Intake
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.metrics import Metrics
from tfs_operator.controller.observe import Observer
from tfs_operator.controller.optional_kinds import OptionalKinds
from tfs_operator.controller.pace import Pace
from tfs_operator.controller.push import Pusher
from tfs_operator.controller.reconcile import Reconciler
from tfs_operator.controller.rollouts import Rollouts
from tfs_operator.controller.status import StatusWriter
from tfs_operator.controller.watch import watch
from tfs_operator.controller.worker import Worker
from tfs_operator.render.settings import Settings
from tfs_operator.serving.fetch_orders import FetcherClient
from tfs_operator.serving.reload import ReloadClient
from tfs_operator.serving.rest import ModelStatusClient

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How one operator process runs."""

    settings: Settings
    kubeconfig: str | None = None
    workers: int = 4
    http_port: int = 8080
    status_poll_seconds: float = 30.0
    retry_seconds: float = 60.0


async def run(options: Options) -> None:
    """Until SIGTERM or SIGINT. Raises what broke a part that cannot go on without: the process should restart."""
    async with AsyncExitStack() as stack:
        api = await config.load(options.kubeconfig)
        metrics = Metrics()
        client = ClusterClient(api, on_request=metrics.request)
        stack.push_async_callback(client.close)
        queue: WorkQueue[TFModelKey] = WorkQueue(metrics=metrics)
        cache = Cache()
        health = Health(queue)
        await stack.enter_async_context(_http_server(options.http_port, health, metrics))
        recorder = EventRecorder(client, instance=socket.gethostname())
        status = StatusWriter(client, cache, recorder, options.settings, metrics)
        optional = OptionalKinds(client)
        rollouts = await _rollouts(stack, options, client, cache, queue, optional)
        pace = Pace(options.status_poll_seconds)
        reconciler = Reconciler(cache, options.settings, rollouts, status, pace, knows=optional.knows)
        intake = Intake(client, cache, queue, kinds=await optional.discover())
        log.info("filling the caches")
        await intake.fill()
        worker = Worker(queue, reconciler, metrics)
        parts = {
            "heartbeat": _beat(health),
            "resync": intake.resync_forever(),
            "events": recorder.run(),
            "optional-kinds": optional.until_they_change(),
            **{f"worker-{number}": worker.work() for number in range(options.workers)},
        }
        try:
            await _all(parts, api, intake, health)
        finally:
            queue.close()


async def _rollouts(
    stack: AsyncExitStack,
    options: Options,
    client: ClusterClient,
    cache: Cache,
    queue: WorkQueue[TFModelKey],
    optional: OptionalKinds,
) -> Rollouts:
    model_servers = await stack.enter_async_context(ModelStatusClient())
    fetchers = await stack.enter_async_context(FetcherClient())
    reloads = await stack.enter_async_context(ReloadClient())
    return Rollouts(
        cache=cache,
        settings=options.settings,
        children=Children(client, cache),
        observer=Observer(model_servers, queue.add),
        pusher=Pusher(reloads, queue.add, options.status_poll_seconds),
        fetchers=Fetchers(fetchers),
        retry_seconds=options.retry_seconds,
        knows=optional.knows,
    )


async def _all(parts: Mapping[str, Coroutine[Any, Any, None]], api: ApiClient, intake: Intake, health: Health) -> None:
    """Everything that goes on at once; the end of one ends all. kopf starts last: it cancels tasks that are later."""
    ready = asyncio.Event()
    tasks = [asyncio.create_task(part, name=name) for name, part in parts.items()]
    tasks.append(asyncio.create_task(_say_when_ready(ready, health), name="readiness"))
    tasks.append(asyncio.create_task(watch(api.configuration, intake.ingest, ready, intake.kinds), name="watch"))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _beat(health: Health) -> None:
    while True:
        health.beat()
        await asyncio.sleep(1.0)


async def _say_when_ready(ready: asyncio.Event, health: Health) -> None:
    """The watches begin after the caches were filled; only then is nothing missed."""
    await ready.wait()
    health.filled = True
    log.info("ready")
    await asyncio.Event().wait()


@asynccontextmanager
async def _http_server(port: int, health: Health, metrics: Metrics) -> AsyncIterator[None]:
    runner = web.AppRunner(application(health, metrics), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, port=port).start()
    try:
        yield
    finally:
        await runner.cleanup()

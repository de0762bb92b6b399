"""Puts the parts together and keeps them running."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from kubernetes.aio.client import ApiClient

from tfs_operator.cluster import config
from tfs_operator.cluster.cache import Cache
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.events import EventRecorder
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.children import Children
from tfs_operator.controller.health import Health, application
from tfs_operator.controller.intake import Intake
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.metrics import Metrics
from tfs_operator.controller.pace import Pace
from tfs_operator.controller.push import Pusher
from tfs_operator.controller.reconcile import Reconciler
from tfs_operator.controller.status import StatusWriter
from tfs_operator.controller.watch import watch
from tfs_operator.controller.worker import work
from tfs_operator.render.settings import Settings
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
        reconciler = await _reconciler(stack, options, client, cache)
        intake = Intake(client, cache, queue)
        log.info("filling the caches")
        await intake.fill()
        await _work(options, api, queue, reconciler, metrics, intake, health)


async def _reconciler(stack: AsyncExitStack, options: Options, client: ClusterClient, cache: Cache) -> Reconciler:
    recorder = await stack.enter_async_context(EventRecorder(client))
    model_servers = await stack.enter_async_context(ModelStatusClient())
    reloads = await stack.enter_async_context(ReloadClient())
    return Reconciler(
        cache=cache,
        settings=options.settings,
        children=Children(client, cache),
        model_servers=model_servers,
        pusher=Pusher(reloads, options.status_poll_seconds),
        status=StatusWriter(client, cache, recorder, options.settings),
        pace=Pace(options.status_poll_seconds),
    )


async def _work(
    options: Options,
    api: ApiClient,
    queue: WorkQueue[TFModelKey],
    reconciler: Reconciler,
    metrics: Metrics,
    intake: Intake,
    health: Health,
) -> None:
    """Everything that goes on at once; the end of any part ends all. kopf starts last: it cancels later tasks."""
    ready = asyncio.Event()
    parts = [
        asyncio.create_task(_beat(health), name="heartbeat"),
        asyncio.create_task(intake.resync_forever(), name="resync"),
        asyncio.create_task(_say_when_ready(ready, health), name="readiness"),
        *(asyncio.create_task(work(queue, reconciler, metrics), name=f"worker-{n}") for n in range(options.workers)),
    ]
    watching = asyncio.create_task(watch(api.configuration, intake.ingest, ready), name="watch")
    try:
        done, _ = await asyncio.wait([watching, *parts], return_when=asyncio.FIRST_COMPLETED)
        for part in done:
            part.result()
    finally:
        queue.close()
        for part in [watching, *parts]:
            part.cancel()
        await asyncio.gather(watching, *parts, return_exceptions=True)


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

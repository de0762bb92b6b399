"""Puts the parts together and keeps them running."""

import asyncio
import logging
import socket
from collections.abc import Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kubernetes.aio.client import ApiClient

from tfs_operator.cluster import config, lease
from tfs_operator.cluster.cache import Cache
from tfs_operator.cluster.client import ClusterClient, RetryPolicy
from tfs_operator.cluster.decoding import Decoder
from tfs_operator.cluster.events import EventRecorder
from tfs_operator.cluster.lease import Leadership, Lease, SingleOperator
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.apply.children import Children
from tfs_operator.controller.health import Health, application
from tfs_operator.controller.informer.informer import Informer
from tfs_operator.controller.informer.optional_kinds import OptionalKinds
from tfs_operator.controller.informer.reflector import Reflector
from tfs_operator.controller.informer.watch import watch
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.kinds import TFMODEL, WATCHED_KINDS, scopes
from tfs_operator.controller.metrics import Metrics
from tfs_operator.controller.pods.fetchers import Fetchers
from tfs_operator.controller.pods.memory import MemoryReader
from tfs_operator.controller.pods.observe import Observer
from tfs_operator.controller.pods.probe import DEADLINE_SECONDS, Prober
from tfs_operator.controller.pods.reload import Reloader
from tfs_operator.controller.pods.report_changes import ReportChanges
from tfs_operator.controller.reconcile.act import Actor
from tfs_operator.controller.reconcile.gather import Gatherer
from tfs_operator.controller.reconcile.reconciler import Reconciler
from tfs_operator.controller.reconcile.state import TFModelState, TFModelStates
from tfs_operator.controller.reconcile.status import StatusWriter
from tfs_operator.controller.reconcile.stored_requests import StoredRequests
from tfs_operator.controller.reconcile.worker import Worker
from tfs_operator.controller.signals import Signals
from tfs_operator.http_server import serving
from tfs_operator.render.settings import Settings
from tfs_operator.serving.fetch_orders import FetcherClient
from tfs_operator.serving.predict import PredictClient
from tfs_operator.serving.reload import ReloadClient
from tfs_operator.serving.report_changes import ReportChangesClient
from tfs_operator.serving.rest import ModelStatusClient

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Election:
    """The Lease that operators of one kind share. Without a namespace: the pod's own."""

    name: str
    namespace: str | None = None
    times: lease.Times = field(default_factory=lease.Times)


@dataclass(frozen=True)
class Options:
    """How one operator process runs. Without an election it acts at once; without namespaces, in all of them."""

    settings: Settings
    kubeconfig: str | None = None
    namespaces: Sequence[str] = ()
    election: Election | None = None
    workers: int = 4
    http_port: int = 8080
    status_poll_seconds: float = 30.0
    retry_seconds: float = 60.0


@dataclass(frozen=True)
class _Process:
    """What one process consists of, whether it leads or stands by."""

    options: Options
    api: ApiClient
    client: ClusterClient
    decoder: Decoder
    leadership: Leadership
    cache: Cache
    queue: WorkQueue[TFModelKey]
    informer: Informer
    optional: OptionalKinds
    health: Health
    metrics: Metrics
    signals: Signals


async def run(options: Options) -> None:
    """Runs until SIGTERM or SIGINT. Raises the error of a part that is needed: then the process should restart."""
    signals = Signals()
    async with AsyncExitStack() as stack:
        api = await config.load(options.kubeconfig)
        process = _process(options, api, signals)
        stack.push_async_callback(process.client.close)
        await stack.enter_async_context(serving(application(process.health, process.metrics), options.http_port))
        await run_until_first_exit(
            {
                "signals": signals.wait(),
                "heartbeat": process.health.beat_forever(),
                "watch": _watch(process),
                "missing": process.informer.look_for_missing(),
                "resync": process.informer.resync_forever(),
                "readiness": _say_when_ready(process),
                "optional-kinds": process.optional.until_they_change(),
                "leader": _lead(process),
            },
            may_end=("signals", "optional-kinds"),
        )


def _process(options: Options, api: ApiClient, signals: Signals) -> _Process:
    metrics, cache = Metrics(), Cache()
    leadership = _leadership(options.election, api, metrics)
    decoder = Decoder(metrics.malformed_answer)
    client = ClusterClient(api, on_request=metrics.request, permit=leadership.remaining, decoder=decoder)
    queue: WorkQueue[TFModelKey] = WorkQueue(metrics=metrics)
    metrics.watch(queue)
    informer = Informer(client, cache, queue, options.namespaces)
    optional = OptionalKinds(client)
    return _Process(
        options, api, client, decoder, leadership, cache, queue, informer, optional, Health(queue), metrics, signals
    )


def _leadership(election: Election | None, api: ApiClient, metrics: Metrics) -> Leadership:
    """The lease's own requests are sent once each, also when nothing else may be sent."""
    if election is None:
        return SingleOperator(metrics.leads)
    once = RetryPolicy(tries=1, request_timeout=election.times.renew_deadline)
    return Lease(
        ClusterClient(api, on_request=metrics.request, retry=once),
        election.namespace or lease.own_namespace(),
        election.name,
        lease.identity(socket.gethostname()),
        election.times,
        on_change=metrics.leads,
    )


async def _watch(process: _Process) -> None:
    """The watches begin after the caches were filled, in a leader and in one that stands by."""
    log.info("filling the caches")
    kinds = await process.optional.discover()
    process.informer.leave_out(set(WATCHED_KINDS) - set(kinds))
    await process.informer.fill()
    namespaces, reflector = process.options.namespaces, Reflector(process.client, process.informer)
    others = scopes(namespaces, [kind for kind in kinds if kind != TFMODEL])
    await run_until_first_exit(
        {
            TFMODEL: watch(
                process.api.configuration, namespaces, process.informer, process.signals.install, process.decoder
            ),
            **{f"{kind} {namespace}": reflector.follow((kind, namespace)) for kind, namespace in others},
        }
    )


async def _say_when_ready(process: _Process) -> None:
    await process.informer.ready()
    process.health.filled = True
    log.info("ready")
    await asyncio.Event().wait()


async def _lead(process: _Process) -> None:
    """Works once it is elected, until it is cancelled. The lease is released after the last write and the last
    reload."""
    await (process.informer.ready() if process.options.election else process.informer.filled())
    try:
        await process.leadership.acquire()
        async with AsyncExitStack() as stack:
            states = await _states(stack, process)
            await run_until_first_exit({"lease": process.leadership.keep(), "work": _work(process, states)})
    finally:
        await process.leadership.release()


async def _work(process: _Process, states: TFModelStates) -> None:
    options, optional = process.options, process.optional
    recorder = EventRecorder(process.client, instance=socket.gethostname(), busy=lambda: process.queue.depth > 0)
    memory = MemoryReader(process.client, partial(_reads_memory, process.cache), options.namespaces)
    gatherer = Gatherer(
        process.cache, options.settings, options.retry_seconds, unknown_kinds=lambda: optional.unknown, memory=memory
    )
    actor = Actor(gatherer, look_for=optional.look_for)
    status = StatusWriter(process.client, process.cache, recorder, options.settings, process.metrics)
    reconciler = Reconciler(states, gatherer, actor, status, options.status_poll_seconds)
    worker = Worker(process.queue, reconciler, states, process.metrics, process.health.unexpected_errors)
    if options.election:
        # What the watches have not brought yet, or never will, is what the operator before this one did last.
        await process.informer.fill()
    process.informer.lead()
    await run_until_first_exit(
        {"events": recorder.run(), "workers": worker.work_all(options.workers), "memory": memory.run()}
    )


def _reads_memory(cache: Cache) -> bool:
    """Whether any TFModel has a bound on the memory of its model servers."""
    found = (cache.get(*key) or {} for key in cache.keys(TFMODEL))
    servers = (live.get("spec", {}).get("server") or {} for live in found)
    return any((server.get("recycle") or {}).get("memoryPercent") for server in servers)


async def _states(stack: AsyncExitStack, process: _Process) -> TFModelStates:
    """The clients keep connections by the pods' addresses, for all TFModels, and bound them by themselves."""
    queue, permit = process.queue, process.leadership.remaining
    model_servers = await stack.enter_async_context(ModelStatusClient())
    fetchers = await stack.enter_async_context(FetcherClient())
    reloads = await stack.enter_async_context(ReloadClient())
    changes = await stack.enter_async_context(ReportChangesClient())
    predictions = await stack.enter_async_context(PredictClient(timeout_seconds=DEADLINE_SECONDS))

    def made(key: TFModelKey) -> TFModelState:
        wake = partial(queue.add, key)
        return TFModelState(
            Children(process.client, process.cache),
            Observer(model_servers, wake),
            Reloader(reloads, wake, process.options.status_poll_seconds, permit=permit),
            Fetchers(fetchers, permit=permit),
            Prober(predictions, wake),
            ReportChanges(changes, wake),
            StoredRequests(process.client, wake),
        )

    return TFModelStates(made)


async def run_until_first_exit(parts: Mapping[str, Coroutine[Any, Any, None]], may_end: Collection[str] = ()) -> None:
    """Runs all at once; the end of one ends all, each in its own order. Raises when it is one that may not end."""
    tasks = [asyncio.create_task(part, name=name) for name, part in parts.items()]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        if ended := {task.get_name() for task in done} - set(may_end):
            raise RuntimeError(f"{', '.join(sorted(ended))} ended, which it never should")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

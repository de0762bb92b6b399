"""The process around a pod's agent: starts it, serves it, and ends at SIGTERM."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import aiohttp

from tfs_operator.fetcher.agent import Agent
from tfs_operator.fetcher.config import FetcherConfig
from tfs_operator.fetcher.core.source import Source
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.http_api import MAX_ORDER_BYTES, application
from tfs_operator.fetcher.local.folder_watch import FolderWatch
from tfs_operator.fetcher.metrics import FetcherMetrics
from tfs_operator.fetcher.model_server.client import ModelServerClient
from tfs_operator.fetcher.model_server.starting_config import StartingConfig
from tfs_operator.fetcher.stores.uri import open_source
from tfs_operator.fetcher.sync.base_path_sync import Shared
from tfs_operator.fetcher.sync.pod import FETCHES_AT_ONCE, PodFetcher
from tfs_operator.http_server import Bounds, serving

log = logging.getLogger(__name__)

_STOP_SECONDS = 0.5
_BOUNDS = Bounds(connections=32, unread_bytes=2 * MAX_ORDER_BYTES)
"""An order may have arrived as a whole before its request begins."""


async def run(config: FetcherConfig) -> None:
    """Runs until SIGTERM or SIGINT. The files are whole at any moment, so what does not end within half a second is cut
    off: a thread that hangs in a library or in the file system must not hold up the pod's end."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if not await serve(config, stop):
        log.info("stopping with work in progress; it is resumed at the next start")
        logging.shutdown()
        os._exit(0)


async def serve(config: FetcherConfig, stop: asyncio.Event) -> bool:
    """Runs until `stop` is set. Returns whether all work has ended half a second later."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        metrics = FetcherMetrics()
        server = ModelServerClient(config.model_server, session)
        shared = Shared(server, asyncio.Semaphore(FETCHES_AT_ONCE), metrics)
        agent = _agent(config, shared, server)
        running = asyncio.create_task(agent.run())
        async with _served(agent, metrics, config):
            await _until_stopped(running, stop)
            return await _end(running)


def _agent(config: FetcherConfig, shared: Shared, server: ModelServerClient) -> Agent:
    fetcher = PodFetcher(config.plan, partial(_open, config.storage), shared, config.pod)
    agent = Agent(fetcher, [FolderWatch(folder) for folder in config.plan.local], _starting_config(config), server)
    agent.begin(config.plan.order)
    return agent


def _starting_config(config: FetcherConfig) -> StartingConfig | None:
    if config.server_config is None:
        return None
    return StartingConfig(config.server_config, config.server_config_default, config.plan.order.expect)


def _open(storage: StoreAccess, uri: str, work: Path) -> Source:
    return open_source(uri, storage, work)


@contextlib.asynccontextmanager
async def _served(agent: Agent, metrics: FetcherMetrics, config: FetcherConfig) -> AsyncIterator[None]:
    app = application(agent, metrics)
    async with serving(app, config.port, config.host, bounds=_BOUNDS, stop_seconds=_STOP_SECONDS) as port:
        log.info("listening on port %s", port)
        yield


async def _until_stopped(running: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Raises what ends the agent's own work, which goes on for ever else."""
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if running.done():
        running.result()


async def _end(running: asyncio.Task[None]) -> bool:
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=_STOP_SECONDS)
    return bool(done)

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
from aiohttp import web

from tfs_operator.fetcher.agent import Agent
from tfs_operator.fetcher.config import FetcherConfig
from tfs_operator.fetcher.core.source import Source
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.http_api import application
from tfs_operator.fetcher.local.folder_watch import FolderWatch
from tfs_operator.fetcher.metrics import FetcherMetrics
from tfs_operator.fetcher.stores.uri import open_source
from tfs_operator.fetcher.sync.base_path_sync import Shared
from tfs_operator.fetcher.sync.model_server import ModelServerClient
from tfs_operator.fetcher.sync.pod import FETCHES_AT_ONCE, PodFetcher

log = logging.getLogger(__name__)

_STOP_SECONDS = 0.5


async def run(config: FetcherConfig) -> None:
    """Runs until SIGTERM or SIGINT. The files are whole at any moment, so what does not end within half a second is cut
    off."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        metrics = FetcherMetrics()
        server = ModelServerClient(config.model_server, session)
        shared = Shared(server, asyncio.Semaphore(FETCHES_AT_ONCE), metrics)
        agent = _agent(config, shared)
        running = asyncio.create_task(agent.run())
        async with _served(agent, metrics, config):
            await _until_stopped(running, stop)
            await _end(running)


def _agent(config: FetcherConfig, shared: Shared) -> Agent:
    fetcher = PodFetcher(config.plan, partial(_open, config.storage), shared, config.pod)
    agent = Agent(fetcher, [FolderWatch(folder) for folder in config.plan.local])
    agent.order(config.plan.order)
    return agent


def _open(storage: StoreAccess, uri: str, work: Path) -> Source:
    return open_source(uri, storage, work)


@contextlib.asynccontextmanager
async def _served(agent: Agent, metrics: FetcherMetrics, config: FetcherConfig) -> AsyncIterator[None]:
    runner = web.AppRunner(application(agent, metrics), access_log=None, shutdown_timeout=_STOP_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, config.host, config.port)
        await site.start()
        log.info("listening on port %s", runner.addresses[0][1])
        yield
    finally:
        await runner.cleanup()


async def _until_stopped(running: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Raises what ends the agent's own work, which goes on for ever else."""
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if running.done():
        running.result()


async def _end(running: asyncio.Task[None]) -> None:
    """A thread that hangs in a library or in the file system must not hold up the pod's end."""
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=_STOP_SECONDS)
    if not done:
        log.info("stopping with work in progress; it is resumed at the next start")
        logging.shutdown()
        os._exit(0)

"""The agent of a pod on the tests' node: the real one, by the arguments of its container, on a thread that all share.

A process for each would cost a test 50 MiB and a third of a second of CPU a pod.
"""

import argparse
import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from functools import cache

from testing.api_client import Manifest
from testing.http_probe import is_well
from tfs_operator.commands import fetch
from tfs_operator.domain.fetch_protocol import FETCHER_PORT
from tfs_operator.fetcher.config import FetcherConfig
from tfs_operator.fetcher.process import serve
from tfs_operator.render.agent import AGENT_NAMES

END_SECONDS = 30.0


class NodeAgent:
    """Runs from `start` to `end`. `address` is the pod's; `places` has where its containers' paths lie here."""

    def __init__(
        self, pod: Manifest, address: str, places: Mapping[str, str], mounts: Mapping[str, str] | None = None
    ) -> None:
        """`mounts` has where the claims that are mounted below these paths lie here."""
        found = [each for each in pod["spec"].get("initContainers", []) if each["name"] in AGENT_NAMES]
        self._container: Manifest = found[0]
        self._address = address
        self._places = places
        self._mounts = mounts or {}
        self._running: Future[bool] | None = None
        self._stop: asyncio.Event | None = None

    def start(self) -> None:
        """Starts it unless it runs, with what the ConfigMap's volume holds now."""
        if self._running is None:
            self._stop = asyncio.Event()
            self._running = asyncio.run_coroutine_threadsafe(serve(self._config(), self._stop), _loop())

    def lets_the_server_start(self) -> bool:
        """Asks its startup probe, as rendered."""
        return self._answers("startupProbe")

    def is_ready(self) -> bool:
        """Asks its readiness probe, as rendered."""
        return self._answers("readinessProbe")

    def end(self) -> None:
        """Ends it, and waits for that."""
        if self._running is not None and self._stop is not None:
            _loop().call_soon_threadsafe(self._stop.set)
            self._running.result(END_SECONDS)
            self._running = None

    def _answers(self, probe: str) -> bool:
        path = self._container[probe]["httpGet"]["path"]
        return is_well(f"http://{self._address}:{FETCHER_PORT}{path}", seconds=2)

    def _config(self) -> FetcherConfig:
        parser = argparse.ArgumentParser()
        fetch.add_parser(parser.add_subparsers())
        arguments = [self._placed(each) for each in self._container["args"]]
        where = [f"--host={self._address}", f"--model-server=http://{self._address}:8501"]
        config: FetcherConfig = fetch.config_of(parser.parse_args(["fetch", *arguments, *where]))
        local = tuple(
            folder.model_copy(update={"base_path": self._mounted(folder.base_path)}) for folder in config.plan.local
        )
        return replace(config, plan=config.plan.model_copy(update={"local": local}))

    def _mounted(self, path: str) -> str:
        for mount, place in self._mounts.items():
            path = path.replace(f"{mount}/", f"{place}/")
        return path

    def _placed(self, argument: str) -> str:
        for path, place in self._places.items():
            argument = argument.replace(f"={path}/", f"={place}/")
        return argument


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="agents of the node", daemon=True).start()
    return loop

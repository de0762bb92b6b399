"""The API server as a user with a token sees it: requests over connections that stay open, and watches."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import yaml

from bench.api import MERGE_PATCH, ApiError
from bench.watch_cache import Board, Manifest
from tfs_operator.cluster.kinds import RESOURCES

REQUEST_SECONDS = 30
MAX_CONNECTIONS = 64


class ScaleApi:
    """Of a control plane whose certificate nobody has signed: it is on 127.0.0.1, and gone in a few minutes."""

    def __init__(self, kubeconfig: Path) -> None:
        """Needs a running event loop."""
        config = yaml.safe_load(kubeconfig.read_text())
        self._session = aiohttp.ClientSession(
            config["clusters"][0]["cluster"]["server"],
            headers={"Authorization": f"Bearer {config['users'][0]['user']['token']}"},
            connector=aiohttp.TCPConnector(ssl=False, limit=MAX_CONNECTIONS),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=REQUEST_SECONDS),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def create(self, manifest: Manifest) -> None:
        await self.post(RESOURCES[manifest["kind"]].path(manifest["metadata"]["namespace"]), manifest)

    async def post(self, path: str, manifest: Manifest) -> None:
        await self._request("POST", path, manifest)

    async def get(self, path: str) -> Manifest:
        return dict(json.loads(await self._request("GET", path)))

    async def edit(self, kind: str, namespace: str, name: str, change: Manifest) -> None:
        """By a JSON merge patch, as of `kubectl patch --type merge`."""
        await self._request("PATCH", RESOURCES[kind].path(namespace, name), change, MERGE_PATCH)

    async def delete(self, kind: str, namespace: str, name: str) -> None:
        await self._request("DELETE", RESOURCES[kind].path(namespace, name))

    async def version(self, kind: str) -> str:
        """The resourceVersion of the objects of all namespaces, for a watch to begin with."""
        return str((await self.get(f"{RESOURCES[kind].path(None)}?limit=1"))["metadata"]["resourceVersion"])

    async def watch(self, kind: str, since: str, board: Board) -> None:
        """Keeps `board` for all namespaces, until it is cancelled."""
        async for line in self._lines(f"{RESOURCES[kind].path(None)}?watch=true&resourceVersion={since}"):
            board.take(kind, json.loads(line))
        raise ApiError(f"the watch of {kind} ended")

    async def _lines(self, path: str) -> AsyncIterator[bytes]:
        async with self._session.get(path) as response:
            rest = b""
            async for chunk in response.content.iter_any():
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    yield line

    async def _request(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> bytes:
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        headers = {"Content-Type": content_type}
        try:
            async with self._session.request(method, path, json=body, headers=headers, timeout=timeout) as response:
                answer = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ApiError(f"{method} {path}: no answer: {error!r}") from error
        if response.status >= 300:
            raise ApiError(f"{method} {path}: {response.status}: {answer.decode(errors='replace')}")
        return answer

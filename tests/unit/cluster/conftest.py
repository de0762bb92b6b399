"""A small real HTTP server that plays the API server's answers, and objects as it would send them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio.client import ApiClient, Configuration

from tfs_operator.cluster.client import ClusterClient, RetryPolicy


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Answer:
    """What to answer; `cut` closes the connection instead, `seconds` is how long to think about it."""

    body: Any = field(default_factory=lambda: {"metadata": {"name": "m", "resourceVersion": "1"}})
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    seconds: float = 0.0


class ApiServer:
    """Gives its answers in turn, the last one for ever."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answers: list[Answer] = [Answer()]

    def will(self, *answers: Answer) -> None:
        self.answers = list(answers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        self.seen.append(
            Seen(
                request.method,
                request.rel_url.raw_path,
                dict(request.query),
                dict(request.headers),
                json.loads(text) if text else None,
            )
        )
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await asyncio.sleep(answer.seconds)
        if answer.cut and request.transport is not None:
            request.transport.abort()
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        return web.Response(text=text, status=answer.status, headers=answer.headers, content_type="application/json")


@pytest.fixture
def apiserver() -> ApiServer:
    return ApiServer()


@pytest.fixture
def requests() -> list[tuple[str, str]]:
    """What `on_request` was told."""
    return []


@pytest.fixture
async def api(apiserver: ApiServer) -> AsyncIterator[ApiClient]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", apiserver.handle)
    async with TestServer(app, host="127.0.0.1") as server:
        yield ApiClient(Configuration(host=str(server.make_url("")).rstrip("/")))


HURRIED = RetryPolicy(tries=3, first_wait=0.01, longest_wait=0.05, request_timeout=60.0, deadline=25.0)
"""Tries at most three times, and pauses for milliseconds. A request has a minute, since the machine may be slow."""


@pytest.fixture
async def client(api: ApiClient, requests: list[tuple[str, str]]) -> AsyncIterator[ClusterClient]:
    client = ClusterClient(api, retry=HURRIED, on_request=lambda code, method: requests.append((code, method)))
    yield client
    await client.close()


@pytest.fixture
async def impatient_client(api: ApiClient, requests: list[tuple[str, str]]) -> AsyncIterator[ClusterClient]:
    """Waits for an answer for a second."""
    policy = replace(HURRIED, request_timeout=1.0, deadline=60.0)
    client = ClusterClient(api, retry=policy, on_request=lambda code, method: requests.append((code, method)))
    yield client
    await client.close()


@pytest.fixture
def make() -> Callable[..., dict[str, Any]]:
    """Builds a live object: `make("ConfigMap", "m", version=3)`."""

    def build(kind: str, name: str, *, version: int = 1, **metadata: Any) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": kind,
            "metadata": {"namespace": "ns", "name": name, "resourceVersion": str(version), **metadata},
        }

    return build


@pytest.fixture
def answer() -> type[Answer]:
    return Answer

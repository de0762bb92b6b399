"""Real servers on 127.0.0.1: an HTTP one that answers what it is told, a gRPC one with TF Serving's own protos."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tfs_operator.serving.reload import METHOD, ReloadClient
from tfs_operator.serving.rest import ModelStatusClient

HOST = "127.0.0.1"


@dataclass
class RestServer:
    """Answers by raw path; what it was not told is a 404."""

    port: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    """Of the requests that had one."""

    busy: int = 0
    busiest: int = 0
    seconds: float = 0.0
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        self.seen.append(path)
        self.bodies += [text] if (text := await request.text()) else []
        self.asked.set()
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        await asyncio.sleep(self.seconds)
        self.busy -= 1
        answer = self.answers.get(path)
        if isinstance(answer, web.StreamResponse):
            return answer
        if answer is None:
            return web.json_response({"error": "not found"}, status=404)
        return web.json_response(answer)


@pytest.fixture
async def rest() -> AsyncIterator[RestServer]:
    state = RestServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", state.handle)
    async with TestServer(app, host=HOST) as server:
        state.port = server.port or 0
        yield state


@pytest.fixture
async def status_client() -> AsyncIterator[ModelStatusClient]:
    async with ModelStatusClient(timeout_seconds=3.0) as client:
        yield client


@dataclass
class GrpcServer:
    """Keeps the bytes that it was sent and answers with bytes, or with a status."""

    port: int = 0
    seen: list[bytes] = field(default_factory=list)
    connections: set[str] = field(default_factory=set)
    answer: bytes = b""
    abort: tuple[grpc.StatusCode, str] | None = None
    aborts: int | None = None
    """How many calls are still aborted; None: all."""

    seconds: float = 0.0
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def reload(self, request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        self.seen.append(request)
        self.connections.add(context.peer())
        self.asked.set()
        await asyncio.sleep(self.seconds)
        if self.abort is not None and self.aborts != 0:
            self.aborts = None if self.aborts is None else self.aborts - 1
            await context.abort(*self.abort)
        return self.answer


@pytest.fixture
async def model_server() -> AsyncIterator[GrpcServer]:
    state = GrpcServer()
    server = grpc.aio.server()
    service, method = METHOD.removeprefix("/").split("/")
    handlers = {method: grpc.unary_unary_rpc_method_handler(state.reload)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    state.port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    yield state
    await server.stop(grace=None)


@pytest.fixture
async def reload_client() -> AsyncIterator[ReloadClient]:
    async with ReloadClient() as client:
        yield client

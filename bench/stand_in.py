"""The least that the operator takes for a model server and its agent: versions and labels as told last, loaded at once.

Each has a loopback address of its own; none holds a model, so that hundreds of rollouts cost next to nothing.
"""

import asyncio
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import grpc
import grpc.aio
from aiohttp import web

from tfs_operator.domain.fetch_protocol import FETCHER_PORT, ORDER_PATH, FetchOrder, FetchReport
from tfs_operator.serving import model_management_pb2 as pb
from tfs_operator.serving.reload import METHOD

_STATUS = re.compile(r"/v1/models/(?P<model>[^/]+)")
_LABEL = re.compile(r"/v1/models/(?P<model>[^/]+)/labels/(?P<label>[^/]+)/metadata")
Held = dict[str, tuple[list[int], dict[str, int]]]
"""By model, the versions and the labels."""


class _StandIn:
    """One of them."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._held: Held = {}
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        app.router.add_put(ORDER_PATH, self._report)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        for port in (8501, FETCHER_PORT):
            await web.TCPSite(runner, self._address, port).start()
        server = grpc.aio.server()
        service, _, method = METHOD.strip("/").partition("/")
        handler = grpc.unary_unary_rpc_method_handler(
            self._reload,
            request_deserializer=pb.ReloadConfigRequest.FromString,
            response_serializer=pb.ReloadConfigResponse.SerializeToString,
        )
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
        server.add_insecure_port(f"{self._address}:8500")
        await server.start()
        self._server = server  # which would end with its last reference

    async def _reload(self, request: pb.ReloadConfigRequest, _: object) -> pb.ReloadConfigResponse:
        for model in request.config.model_config_list.config:
            self._held[model.name] = (list(model.model_version_policy.specific.versions), dict(model.version_labels))
        return pb.ReloadConfigResponse()

    async def _report(self, request: web.Request) -> web.Response:
        """As the agent of a pod whose models are in its image."""
        FetchOrder.model_validate_json(await request.read())
        return web.Response(text=FetchReport(ready=True).model_dump_json(), content_type="application/json")

    async def _answer(self, request: web.Request) -> web.Response:
        """What nobody has told it is what every TFModel here begins with: version 1 as stable."""
        if found := _LABEL.fullmatch(request.path):
            version = self._held.get(found["model"], ([1], {"stable": 1}))[1].get(found["label"])
            spec = {"model_spec": {"version": str(version)}}
            return web.json_response(spec) if version else web.json_response({"error": "no label"}, status=400)
        if found := _STATUS.fullmatch(request.path):
            versions = self._held.get(found["model"], ([1], {}))[0]
            rows = [{"version": str(each), "state": "AVAILABLE", "status": {"error_code": "OK"}} for each in versions]
            return web.json_response({"model_version_status": rows})
        return web.json_response({"error": "not here"}, status=404)


@contextmanager
def stand_ins(addresses: Sequence[str]) -> Iterator[None]:
    """All on one thread, until the end of the block."""
    loop, started = asyncio.new_event_loop(), threading.Event()
    servers = [_StandIn(address) for address in addresses]

    async def serve() -> None:
        for each in servers:
            await each.start()
        started.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, name="stand-ins", daemon=True)
    thread.start()
    if not started.wait(20):
        raise TimeoutError("the stand-ins for model servers have not started")
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)

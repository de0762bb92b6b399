"""A model server as far as the agent sees it: the status and the labels of each model, as TensorFlow Serving words
them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

Versions = dict[int, tuple[str, str]]
"""State and error code, by number."""


class StatusServer:
    """`models` may be changed at any time; while `down` is set, every answer is a 503."""

    def __init__(self) -> None:
        self.models: dict[str, Versions] = {}
        self.labels: dict[str, dict[str, int]] = {}
        """By model, the version of each label."""
        self.down = False
        self.asked = 0
        self.url = ""

    def says(self, model: str, states: Mapping[int, str], **errors: str) -> None:
        """`_3="NOT_FOUND"` gives version 3 that error code."""
        self.models[model] = {n: (state, errors.get(f"_{n}", "OK")) for n, state in states.items()}

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        model = request.match_info["model"]
        if self.down:
            return web.Response(status=503)
        if not self.models.get(model):
            return web.json_response({"error": f"Could not find any versions of model {model}"}, status=404)
        entries = [
            {"version": str(n), "state": state, "status": {"error_code": code, "error_message": ""}}
            for n, (state, code) in sorted(self.models[model].items(), reverse=True)
        ]
        return web.json_response({"model_version_status": entries})

    async def answer_label(self, request: web.Request) -> web.Response:
        self.asked += 1
        version = self.labels.get(request.match_info["model"], {}).get(request.match_info["label"])
        if version is None:
            return web.json_response({"error": "Unrecognized servable version label"}, status=400)
        return web.json_response({"model_spec": {"version": str(version)}})

    async def start(self, port: int = 0) -> None:
        """Listens, on a free port unless one is given."""
        app = web.Application()
        app.add_routes([web.get("/v1/models/{model}", self.answer)])
        app.add_routes([web.get("/v1/models/{model}/labels/{label}/metadata", self.answer_label)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Ends every connection, as the end of the process does."""
        await self._runner.cleanup()


@asynccontextmanager
async def running_status_server() -> AsyncIterator[StatusServer]:
    server = StatusServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()

"""A model server as far as the fetcher sees it: the status of each model, as TensorFlow Serving words it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

Versions = dict[int, tuple[str, str]]
"""State and error code, by number."""


class StatusServer:
    """`models` may be changed at any time; while `down` is set, every answer is a 503."""

    def __init__(self) -> None:
        self.models: dict[str, Versions] = {}
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


@asynccontextmanager
async def running_status_server() -> AsyncIterator[StatusServer]:
    server = StatusServer()
    app = web.Application()
    app.add_routes([web.get("/v1/models/{model}", server.answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()

"""What the agent reads of the answers of the model server beside it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from tfs_operator.fetcher.model_server.client import ModelServerClient

Answers = Callable[[str], Awaitable[ModelServerClient]]


@pytest.fixture
async def answers() -> AsyncIterator[Answers]:
    """Starts a server that answers everything with one text, and returns a client of it."""
    runners: list[web.AppRunner] = []
    async with aiohttp.ClientSession() as session:

        async def start(text: str) -> ModelServerClient:
            async def answer(_: web.Request) -> web.Response:
                return web.Response(text=text)

            app = web.Application()
            app.add_routes([web.get("/{path:.*}", answer)])
            runners.append(web.AppRunner(app, access_log=None))
            await runners[-1].setup()
            await web.TCPSite(runners[-1], "127.0.0.1", 0).start()
            return ModelServerClient(f"http://127.0.0.1:{runners[-1].addresses[0][1]}", session)

        yield start
        for runner in runners:
            await runner.cleanup()


AVAILABLE = '{"version": "1", "state": "AVAILABLE", "status": {}}'
STATUS = f'{{"model_version_status": [{AVAILABLE}], "model_spec": {{"version": %s}}}}'


async def test_versions_and_the_version_of_a_label(answers: Answers) -> None:
    found = await (await answers(STATUS % '"1"')).answer("m", ["stable"])
    assert found is not None
    assert (set(found.versions), found.labels) == ({1}, {"stable": 1})


@pytest.mark.parametrize("version", ["1e999", "-1", "true", "null", "[]", "9" * 400, '"x"', "NaN"])
async def test_a_label_on_what_is_no_version_is_no_answer(answers: Answers, version: str) -> None:
    assert await (await answers(STATUS % version)).answer("m", ["stable"]) is None


@pytest.mark.parametrize("text", ["", "[]", '{"a":' * 100_000, f"[{'{},' * 200_000}0]"])
async def test_what_is_no_status_is_no_answer(answers: Answers, text: str) -> None:
    assert await (await answers(text)).versions("m") is None

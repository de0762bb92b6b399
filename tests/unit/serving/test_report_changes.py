"""A request that an agent answers late, over real HTTP."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tfs_operator.domain.fetch_protocol import CHANGES_PATH
from tfs_operator.serving.errors import FetcherUnreachable
from tfs_operator.serving.report_changes import ReportChangesClient

HOST = "127.0.0.1"


async def revision(answer: web.Response | None, seen: str = "a-1", seconds: float = 0.5) -> str:
    """What the client makes of the answer; None: it never comes."""

    async def handle(request: web.Request) -> web.Response:
        assert request.query["seen"] == seen
        if answer is None:
            await asyncio.Event().wait()
        assert answer is not None
        return answer

    app = web.Application()
    app.router.add_get(CHANGES_PATH, handle)
    async with TestServer(app, host=HOST) as server, ReportChangesClient(timeout_seconds=seconds) as client:
        return await client.revision(HOST, seen, server.port or 0)


async def test_the_revision_is_the_answer() -> None:
    assert await revision(web.Response(text="a-2")) == "a-2"
    assert await revision(web.Response(text="a-2"), seen="a&b=c d") == "a-2"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "no answer in time"),
        (web.Response(status=404), "404"),
        (web.Response(body=b"\xff"), "its answer is no revision"),
        (web.Response(body=b""), "its answer is no revision"),
        (web.Response(body=b"a-2\n"), "its answer is no revision"),
        (web.Response(body=b"a" * 65), "its answer is no revision"),
        (web.Response(body=b"a" * 1000), "its answer is no revision"),
        (web.Response(body=b"a-1"), "it says at once that nothing has changed"),
    ],
)
async def test_an_answer_that_cannot_be_used(answer: web.Response | None, words: str) -> None:
    with pytest.raises(FetcherUnreachable, match=words):
        await revision(answer)


async def test_nothing_listens() -> None:
    async with ReportChangesClient() as client:
        with pytest.raises(FetcherUnreachable):
            await client.revision(HOST, "a", 1)

"""What a fetcher is told, and what counts as its answer."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from tfs_operator.domain.fetch_protocol import (
    ORDER_PATH,
    FetchOrder,
    FetchReport,
    ModelOrder,
    ModelReport,
    VersionSet,
)
from tfs_operator.serving.errors import FetcherUnreachable
from tfs_operator.serving.fetch_orders import MAX_BODY_BYTES, FetcherClient

HOST = "127.0.0.1"
ORDER = FetchOrder(models={"m": ModelOrder(hold=VersionSet(versions=(1, 2)))}, poll_interval_seconds=7.0)
REPORT = FetchReport(models={"m": ModelReport(uri="s3://b/m")}, ready=True)


@dataclass
class Fetcher:
    """Answers what it was told to."""

    port: int = 0
    status: int = 200
    body: str = REPORT.model_dump_json()
    seconds: float = 0.0
    told: list[FetchOrder] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.told.append(FetchOrder.model_validate_json(await request.read()))
        await asyncio.sleep(self.seconds)
        return web.Response(status=self.status, text=self.body, headers={"Location": "http://127.0.0.1:1/"})


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    state = Fetcher()
    app = web.Application()
    app.router.add_put(ORDER_PATH, state.handle)
    async with TestServer(app, host=HOST) as server:
        state.port = server.port or 0
        yield state


@pytest.fixture
async def client() -> AsyncIterator[FetcherClient]:
    async with FetcherClient(timeout_seconds=3.0) as client:
        yield client


async def test_it_is_told_the_order_and_answers_with_its_report(fetcher: Fetcher, client: FetcherClient) -> None:
    assert await client.tell(HOST, ORDER, fetcher.port) == REPORT
    assert fetcher.told == [ORDER]


async def test_fields_of_a_newer_fetcher_are_left_out(fetcher: Fetcher, client: FetcherClient) -> None:
    fetcher.body = '{"ready": true, "models": {"m": {"uri": "s3://b/m", "mood": "good"}}, "age": 3}'
    assert await client.tell(HOST, ORDER, fetcher.port) == REPORT


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (500, "", "500"),
        (404, "", "404"),
        (302, "", "not a fetcher's report"),
        (200, "hello", "not a fetcher's report"),
        (200, '{"models": 3}', "not a fetcher's report"),
        (200, '{"models": {}' + " " * MAX_BODY_BYTES + "}", "its answer exceeds"),
    ],
)
async def test_anything_else_is_no_answer(
    fetcher: Fetcher, client: FetcherClient, status: int, body: str, why: str
) -> None:
    fetcher.status, fetcher.body = status, body
    with pytest.raises(FetcherUnreachable, match=why):
        await client.tell(HOST, ORDER, fetcher.port)


async def test_nor_is_one_that_comes_too_late(fetcher: Fetcher, client: FetcherClient) -> None:
    fetcher.seconds = 5.0
    with pytest.raises(FetcherUnreachable, match="no answer in time"):
        await client.tell(HOST, ORDER, fetcher.port)


async def test_nor_is_nobody_at_all(client: FetcherClient) -> None:
    with pytest.raises(FetcherUnreachable, match=HOST.replace(".", "[.]")):
        await client.tell(HOST, ORDER, unused_port())

"""Orders in, reports out; over real HTTP, with a store that is a folder."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from testing.models.folder_source import FolderSource, publish
from tests.unit.fetcher.scene import eventually
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import (
    MOST_REPORTED,
    FetchOrder,
    FetchPlan,
    FetchReport,
    FetchState,
    ModelOrder,
    ModelSource,
    VersionSet,
)
from tfs_operator.fetcher.agent import Agent
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.http_api import MAX_ORDER_BYTES, application
from tfs_operator.fetcher.metrics import FetcherMetrics
from tfs_operator.fetcher.model_server.client import ModelServerClient
from tfs_operator.fetcher.sync.base_path_sync import Shared
from tfs_operator.fetcher.sync.pod import PodFetcher

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    """Two models of one URI, and one of another; none is ordered yet."""
    for store in ("one", "two"):
        publish(tmp_path / store, 1, 2)
    sources = tuple(
        ModelSource(name=name, uri=store, base_path=str(tmp_path / "models" / store))
        for name, store in (("a", "one"), ("b", "one"), ("c", "two"))
    )
    async with aiohttp.ClientSession() as session:
        shared = Shared(ModelServerClient("http://127.0.0.1:9", session), asyncio.Semaphore(2), FetcherMetrics())
        fetcher = PodFetcher(FetchPlan(sources=sources), lambda uri, _: FolderSource(tmp_path / uri), shared)
        agent = Agent(fetcher)
        running = asyncio.create_task(agent.run())
        yield agent
        running.cancel()
        await asyncio.wait({running})


@pytest.fixture
async def client(agent: Agent) -> AsyncIterator[Client]:
    async with TestClient(TestServer(application(agent, FetcherMetrics()))) as client:
        yield client


def wants(**versions: int) -> FetchOrder:
    return FetchOrder(models={name: ModelOrder(start=VersionSet(versions=(n,))) for name, n in versions.items()})


async def told(client: Client, order: FetchOrder) -> FetchReport:
    async with client.put("/v1/fetch", data=order.model_dump_json()) as answer:
        assert answer.status == 200
        return FetchReport.model_validate_json(await answer.read())


async def test_an_order_is_answered_by_how_far_it_is(client: Client, agent: Agent) -> None:
    report = await told(client, wants(a=1, b=2, c=1, unknown=1))
    assert not report.ready
    assert sorted(report.models) == ["a", "b", "c"]
    assert [version.version for version in report.models["a"].versions] == [1]
    await eventually(lambda: agent.report().ready)
    async with client.get("/v1/fetch") as answer:
        report = FetchReport.model_validate_json(await answer.read())
    assert report.ready
    assert {v.version: v.state for v in report.models["a"].versions} == {1: FetchState.FETCHED, 2: FetchState.FETCHED}
    assert report.models["c"].versions[0].bytes == report.models["c"].versions[0].total_bytes > 0


async def test_ready_once_all_is_there_and_for_ever_after(client: Client, agent: Agent) -> None:
    async with client.get("/ready") as answer:
        assert answer.status == 503
    await told(client, wants(a=1, b=1, c=1))
    await eventually(agent.ready)
    report = await told(client, wants(a=7))
    assert not report.ready
    async with client.get("/ready") as answer:
        assert answer.status == 200


async def test_a_model_without_an_order_keeps_the_others_of_its_folder(client: Client, agent: Agent) -> None:
    await told(client, wants(a=1, c=1))
    await eventually(lambda: agent.report().models["c"].versions[0].state is FetchState.FETCHED)
    assert not agent.ready()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "order: it is not JSON"),
        (b'{"models": {"a": {"start": {"latest": -1}}}}', "models.a.start.latest: Input should be greater than"),
        (b'{"pollIntervalSeconds": 0}', "pollIntervalSeconds: Input should be greater than 0"),
    ],
)
async def test_orders_that_make_no_sense(client: Client, body: bytes, words: str) -> None:
    async with client.put("/v1/fetch", data=body) as answer:
        assert answer.status == 400
        assert words in await answer.text()


async def test_an_order_has_a_bound(client: Client) -> None:
    async with client.put("/v1/fetch", data=io.BytesIO(b" " * (MAX_ORDER_BYTES + 1))) as answer:
        assert answer.status == 413


async def test_a_uri_that_makes_no_sense_is_said_and_stops_nobody(tmp_path: Path) -> None:
    publish(tmp_path / "good", 1)
    sources = tuple(
        ModelSource(name=name, uri=name, base_path=str(tmp_path / "models" / name)) for name in ("good", "bad")
    )
    wanted = ModelOrder(start=VersionSet(versions=(1,)))
    plan = FetchPlan(sources=sources, order=FetchOrder(models={"good": wanted, "bad": wanted}))

    def open_source(uri: str, _: Path) -> FolderSource:
        if uri == "bad":
            raise FetchError(Reason.INVALID_SPEC, "bad: has no scheme", retry=False)
        return FolderSource(tmp_path / uri)

    async with aiohttp.ClientSession() as session:
        shared = Shared(ModelServerClient("http://127.0.0.1:9", session), asyncio.Semaphore(2), FetcherMetrics())
        agent = Agent(PodFetcher(plan, open_source, shared))
        running = asyncio.create_task(agent.run())
        await eventually(lambda: agent.report().models["good"].versions[0].state is FetchState.FETCHED)
        await eventually(lambda: agent.report().models["bad"].problem)
        problem = agent.report().models["bad"].versions[0].problem
        running.cancel()
        await asyncio.wait({running})
    assert problem
    assert problem.message == "bad: has no scheme"


async def test_healthy_while_its_loop_beats(client: Client, agent: Agent) -> None:
    async with client.get("/healthz") as answer:
        assert answer.status == 200
    agent.health.clock = lambda: agent.health.last_beat + 31.0
    async with client.get("/healthz") as answer:
        assert answer.status == 503
        assert await answer.text() == "the event loop was busy for 31 s\n"


async def test_a_pod_is_out_of_step_until_its_server_serves(client: Client) -> None:
    async with client.get("/in-step") as answer:
        assert answer.status == 503
        assert await answer.text() == "the model server serves nothing\n"


DEEP = b'{"models":' * 40_000
MANY = b'{"models": {"a": {"start": {"versions": [' + b"1," * 150_000 + b"1]}}}}"


@pytest.mark.parametrize("number", ["-1", "1.5", '"1"', "true", "NaN", "null", str(2**63), "9" * 4000])
@pytest.mark.parametrize("where", ['"start": {"versions": [%s]}', '"unfit": [%s]', '"hold": {"latest": %s}'])
async def test_a_version_that_is_none_is_refused(client: Client, number: str, where: str) -> None:
    body = f'{{"models": {{"a": {{{where % number}}}}}}}'
    async with client.put("/v1/fetch", data=body.encode()) as answer:
        assert answer.status == 400, await answer.text()


@pytest.mark.parametrize(("body", "words"), [(DEEP, "is not JSON"), (MANY, "more than 100000 values")])
async def test_an_order_that_costs_much_is_not_read(client: Client, body: bytes, words: str) -> None:
    async with client.put("/v1/fetch", data=io.BytesIO(body)) as answer:
        assert answer.status == 400
        assert words in await answer.text()


@pytest.mark.parametrize("seconds", ["0", "-1", "NaN", "Infinity", "1e300"])
async def test_an_interval_that_is_none_is_refused(client: Client, seconds: str) -> None:
    async with client.put("/v1/fetch", data=f'{{"pollIntervalSeconds": {seconds}}}'.encode()) as answer:
        assert answer.status == 400


async def test_an_order_of_very_many_versions_is_reported_in_part(client: Client) -> None:
    many = VersionSet(versions=tuple(range(20_000)))
    report = await told(client, FetchOrder(models={"a": ModelOrder(start=many)}))
    assert len(report.models["a"].versions) == 4 * MOST_REPORTED

"""What a fetcher is told, and what counts as its answer."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.domain.fetch_protocol import (
    ORDER_PATH,
    FetchOrder,
    FetchReport,
    ModelOrder,
    ModelReport,
    VersionSet,
)
from tfs_operator.serving.errors import FetcherUnreachable
from tfs_operator.serving.fetch_orders import MAX_BODY_BYTES, FetcherClient, read_report

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
        (200, '{"models":' * 40_000, "it is not JSON"),
        (200, '{"models": [' + "{}," * 100_000 + "{}]}", "more than 100000 values"),
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


def report(version: str = "", **model: str) -> str:
    """A report on one version of one model; the texts are JSON."""
    fields = {"uri": '"s3://b/m"', "versions": f'[{{"version": 1, "state": "Waiting"{version}}}]', **model}
    members = ", ".join(f'"{name}": {text}' for name, text in fields.items())
    return f'{{"models": {{"m": {{{members}}}}}}}'


NO_NUMBERS = ("-1", "1.5", '"1"', "true", "NaN", "Infinity", "[]", str(2**63), "9" * 4000)
BAD_REPORTS = {
    **{f"bytes {number[:20]}": report(f', "bytes": {number}') for number in NO_NUMBERS},
    **{f"totalBytes {number[:20]}": report(f', "totalBytes": {number}') for number in NO_NUMBERS},
    **{f"bytesPerSecond {number[:20]}": report(f', "bytesPerSecond": {number}') for number in NO_NUMBERS},
    **{f"version {number[:20]}": report(f', "version": {number}') for number in (*NO_NUMBERS, "null")},
    **{f"listed {number[:20]}": report(listed=f"[{number}]") for number in (*NO_NUMBERS, "null")},
    "a number of 5,000 digits": report(f', "bytes": {"9" * 5000}'),
    "state": report(', "state": "Gone"'),
    "reason": report(', "problem": {"reason": "Odd", "message": "m"}'),
    "no message": report(', "problem": {"reason": "StoreError"}'),
    "message": report(', "problem": {"reason": "StoreError", "message": ["m"]}'),
    "half a character in a name": '{"models": {"\\ud800": {}}}',
    "versions": report(versions="[" + ",".join(['{"version":1,"state":"Waiting"}'] * 10_000) + "]"),
    "no versions": report(versions="[" + ",".join("1" * 50_000) + "]"),
    "listing": report(listed=str(list(range(50_000)))),
    "models": json.dumps({"models": {str(number): {"uri": "u"} for number in range(1000)}}),
    "a list": "[]",
    "nothing": "null",
}


@pytest.mark.parametrize("body", BAD_REPORTS.values(), ids=BAD_REPORTS)
async def test_a_report_that_no_fetcher_writes_is_none(fetcher: Fetcher, client: FetcherClient, body: str) -> None:
    fetcher.body = body
    with pytest.raises(FetcherUnreachable, match="its answer is not a fetcher's report: ") as raised:
        await client.tell(HOST, ORDER, fetcher.port)
    assert len(raised.value.reason) <= 500
    assert raised.value.reason.isprintable()


async def test_texts_of_a_report_are_short_and_on_one_line(fetcher: Fetcher, client: FetcherClient) -> None:
    text = json.dumps("a\x1b[31m\nb\u202e\ud800" + "c" * 100_000)
    problem = f'{{"reason": "StoreError", "message": {text}}}'
    body = json.loads(report(f', "problem": {problem}, "content": {text}', uri=text, problem=problem))
    fetcher.body = json.dumps({**body, "lag": json.loads(text), "revision": json.loads(text)})
    found = await client.tell(HOST, ORDER, fetcher.port)
    [version], model = found.models["m"].versions, found.models["m"]
    assert version.problem
    assert model.problem
    for shown, most in (
        (version.problem.message, 2000),
        (model.problem.message, 2000),
        (model.uri, 2000),
        (found.lag, 2000),
        (version.content, 64),
        (found.revision, 64),
    ):
        assert shown.startswith("a [31m b c")
        assert len(shown) == most


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=())), inner),
)
FIELDS = st.sampled_from(
    ["version", "state", "bytes", "problem", "content", "uri", "versions", "listed", "lag", "models"]
)
NAMED = st.recursive(JSON, lambda inner: st.dictionaries(FIELDS, inner) | st.lists(inner, max_size=3), max_leaves=20)


@given(st.dictionaries(FIELDS, NAMED) | NAMED)
def test_whatever_arrives_is_a_report_or_one_error(value: object) -> None:
    try:
        found = read_report(HOST, 1, json.dumps(value).encode())
    except FetcherUnreachable:
        return
    assert read_report(HOST, 1, found.model_dump_json().encode()) == found

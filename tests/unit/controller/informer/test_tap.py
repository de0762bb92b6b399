"""What kopf gets to see of the API server's answers."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ssl import create_default_context
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tfs_operator.cluster.decoding import Decoder
from tfs_operator.cluster.pages import PAGE_BYTES
from tfs_operator.controller.informer.tap import Tap
from tfs_operator.controller.informer.throttle import Throttle
from tfs_operator.controller.kinds import Scope

PATH = "/apis/tfs-operator.io/v1alpha1/tfmodels"
DEEP = "[" * 100_000 + "]" * 100_000
Answer = Callable[[web.Request], str | tuple[int, str]]


def tfmodel(name: str, more: str = "") -> str:
    return f'{{"metadata":{{"name":"{name}","namespace":"ns","resourceVersion":"5"{more}}},"spec":{{"modelUri":"a"}}}}'


def listed(*items: str) -> str:
    return f'{{"kind":"TFModelList","metadata":{{"resourceVersion":"9"}},"items":[{",".join(items)}]}}'


class Handler:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Scope]] = []

    def ingest(self, event_type: str | None, item: dict[str, Any]) -> None: ...

    def listing(self, scope: Scope) -> None:
        self.told.append(("listing", scope))

    def watching(self, scope: Scope) -> None:
        self.told.append(("watching", scope))


@asynccontextmanager
async def tapped(answer: Answer) -> AsyncIterator[tuple[aiohttp.ClientSession, str, Handler]]:
    """A session such as kopf's, the address to ask, and who is told."""

    async def handle(request: web.Request) -> web.Response:
        found = answer(request)
        status, text = found if isinstance(found, tuple) else (200, found)
        return web.Response(status=status, text=text, content_type="application/json")

    app, handler = web.Application(), Handler()
    app.router.add_get(PATH, handle)
    tap = Tap((), handler, Throttle(), Decoder())
    async with TestServer(app, host="127.0.0.1") as server:
        yield tap.session(None, create_default_context()), str(server.make_url(PATH)), handler
        await tap.close()


async def test_a_list_has_what_is_kept_of_each_object() -> None:
    more = f',"managedFields":[{DEEP}],"annotations":{{"a":"{"x" * 100_000}"}}'
    answer = listed(tfmodel("a", more), tfmodel("b"))
    async with (
        tapped(lambda _: answer) as (session, address, handler),
        session.get(address, params={"limit": "500"}) as response,
    ):
        found = await response.json()
    assert [item["metadata"] for item in found["items"]] == [
        {"name": name, "namespace": "ns", "resourceVersion": "5"} for name in "ab"
    ]
    assert found["metadata"] == {"resourceVersion": "9"}
    assert handler.told == [("listing", ("TFModel", None))]


async def test_a_page_that_is_too_large_is_asked_for_with_fewer_objects() -> None:
    asked: list[str] = []

    def answer(request: web.Request) -> str:
        asked.append(request.query["limit"])
        return listed(*[tfmodel("a", f',"annotations":{{"a":"{"x" * 300_000}"}}')] * int(request.query["limit"]))

    async with tapped(answer) as (session, address, _):
        async with session.get(address, params={"limit": "500"}) as response:
            assert len((await response.json())["items"]) == 3
        async with session.get(address, params={"limit": "500", "continue": "token"}) as response:
            assert len((await response.json())["items"]) == 3
    assert asked == ["50", "12", "3", "3"]
    assert 3 * 300_000 < PAGE_BYTES < 12 * 300_000


async def test_a_watch_has_what_is_kept_of_each_object_a_line_each() -> None:
    events = "".join(
        f'{{"type":"{kind}","object":{item}}}\n'
        for kind, item in [
            ("ADDED", tfmodel("a", f',"managedFields":[{DEEP}]')),
            ("MODIFIED", tfmodel("b", ',"managedFields":[{}]')),
            ("BOOKMARK", '{"metadata":{"resourceVersion":"12"}}'),
            ("ERROR", '{"kind":"Status","code":410}'),
        ]
    )
    async with (
        tapped(lambda _: events) as (session, address, handler),
        session.get(address, params={"watch": "true"}) as response,
    ):
        lines = [json.loads(line) async for line in response.content.iter_chunked(2**20)]
    assert [line["type"] for line in lines] == ["ADDED", "MODIFIED", "BOOKMARK", "ERROR"]
    assert "managedFields" not in lines[0]["object"]["metadata"]
    assert lines[1]["object"]["spec"] == {"modelUri": "a"}
    assert lines[3]["object"]["code"] == 410
    assert handler.told == [("watching", ("TFModel", None))]


@pytest.mark.parametrize("answer", ["<html>", "[]", '{"items":[1]}', (410, "{}")], ids=str)
async def test_what_is_no_list_makes_kopf_begin_anew(answer: str | tuple[int, str]) -> None:
    async with tapped(lambda _: answer) as (session, address, _):
        with pytest.raises(aiohttp.ClientPayloadError):
            await session.get(address, params={"limit": "500", "continue": "token"})


async def test_an_error_reaches_kopf_as_it_is() -> None:
    async with (
        tapped(lambda _: (403, '{"kind":"Status","code":403}')) as (session, address, _),
        session.get(address, params={"limit": "500"}) as response,
    ):
        assert response.status == 403
        assert await response.json() == {"kind": "Status", "code": 403}

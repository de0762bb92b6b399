"""Which connections are used again. Over real sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.object_store.store import ObjectSource

HOST = "127.0.0.1"
TIME = "2026-11-30T00:00:00.000Z"
KEY = f"<Contents><Key>m/1/saved_model.pb</Key><Size>3</Size><LastModified>{TIME}</LastModified></Contents>"
LISTING = f'<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>{KEY}</ListBucketResult>'


@asynccontextmanager
async def store(*wrong: int) -> AsyncIterator[tuple[str, list[int]]]:
    """A bucket, but for the connections of these numbers, which lead to something else. Yields its address, and by
    connection the number of requests."""
    connections: list[object] = []
    requests: list[int] = []

    async def answer(request: web.Request) -> web.Response:
        if request.transport not in connections:
            connections.append(request.transport)
            requests.append(0)
        number = connections.index(request.transport)
        requests[number] += 1
        return web.Response(status=404) if number in wrong else web.Response(text=LISTING)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app, host=HOST) as server:
        yield f"http://{HOST}:{server.port}", requests


async def test_one_that_has_answered_wrongly_is_not_used_again() -> None:
    async with store(0) as (address, requests):
        source = ObjectSource("s3://models/m", StoreAccess(endpoint=address, anonymous=True, region="us-east-1"))
        with pytest.raises(FetchError) as caught:
            await source.versions()
        assert caught.value.reason is Reason.STORE_NOT_FOUND
        assert list(await source.versions()) == [1]
        assert requests == [1, 1]
        await source.close()


async def test_one_that_works_is_kept() -> None:
    async with store() as (address, requests):
        source = ObjectSource("s3://models/m", StoreAccess(endpoint=address, anonymous=True, region="us-east-1"))
        for _ in range(3):
            assert list(await source.versions()) == [1]
        assert requests == [3]
        await source.close()

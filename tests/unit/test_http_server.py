"""A port that anybody may connect to, with clients that never get to the point. Over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
from aiohttp import web

from tfs_operator.http_server import Bounds, serving

HOST = "127.0.0.1"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Client(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(self) -> str:
        """The body of one answer."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        [length] = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")]
        return (await self.reader.readexactly(length)).decode()

    async def ended(self, seconds: float = 10) -> bool:
        """Whether the server has ended the connection by then."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(65536):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True


@asynccontextmanager
async def served(bounds: Bounds, body: str = "ok") -> AsyncIterator[int]:
    async def get(_: web.Request) -> web.Response:
        return web.Response(text=body)

    async def put(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    app = web.Application()
    app.add_routes([web.get("/", get), web.put("/", put)])
    async with serving(app, 0, HOST, bounds=bounds, stop_seconds=0.1) as port:
        yield port


@asynccontextmanager
async def connected(port: int, sent: bytes = b"") -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(sent)
    yield Client(reader, writer)
    writer.close()


async def test_requests_on_one_connection_are_answered() -> None:
    async with served(Bounds()) as port, connected(port) as client:
        for _ in range(3):
            client.writer.write(GET)
            assert await client.answer() == "ok"


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HTTP/1.1\r\nHost: a", b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf", GET],
    ids=["nothing", "half of the headers", "half of the body", "one request"],
)
async def test_a_client_that_goes_no_further_is_left(sent: bytes) -> None:
    async with served(Bounds(idle_seconds=0.2, request_seconds=0.2)) as port, connected(port, sent) as client:
        assert await client.ended()


async def test_one_that_sends_a_byte_now_and_then_too() -> None:
    async with served(Bounds(idle_seconds=0.3)) as port, connected(port, b"GET / HTTP/1.1\r\nX: ") as client:

        async def trickle() -> None:
            while True:
                client.writer.write(b"x")
                await asyncio.sleep(0.02)

        sending = asyncio.create_task(trickle())
        assert await client.ended()
        sending.cancel()


async def test_one_that_does_not_read_its_answer_too() -> None:
    async with served(Bounds(idle_seconds=0.3), body="x" * 50_000_000) as port, connected(port, GET) as client:
        await asyncio.sleep(1)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await client.answer()


async def test_one_that_sends_headers_without_end_too() -> None:
    async with served(Bounds(unread_bytes=20_000)) as port, connected(port, b"GET / HTTP/1.1\r\n") as client:
        for number in range(100):
            client.writer.write(b"X-%d: %s\r\n" % (number, b"x" * 1000))
        assert await client.ended()


async def test_a_body_may_be_longer_than_headers() -> None:
    head = b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n"
    async with served(Bounds(unread_bytes=20_000)) as port, connected(port, head) as client:
        await asyncio.sleep(0.1)
        for _ in range(50):
            client.writer.write(b"x" * 10_000)
            await client.writer.drain()
        assert await client.answer() == "500000"


async def test_whoever_comes_last_is_heard_whatever_many_others_do() -> None:
    """As a probe of the kubelet, on which the process's life depends."""
    async with served(Bounds(connections=5)) as port:
        others = [await asyncio.open_connection(HOST, port) for _ in range(50)]
        async with connected(port, GET) as client:
            assert await client.answer() == "ok"
        ended = [await Client(*other).ended(0.1) for other in others]
        assert ended.count(False) <= 5
        for _, writer in others:
            writer.close()

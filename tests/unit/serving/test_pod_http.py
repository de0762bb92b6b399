"""Answers that come in pieces, that are too long, or too many at once. Over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tfs_operator.domain.fetch_protocol import FetchOrder, FetchReport, ModelReport
from tfs_operator.serving.errors import FetcherUnreachable, ModelServerUnreachable
from tfs_operator.serving.fetch_orders import FetcherClient
from tfs_operator.serving.pod_http import MOST_LARGE, SMALL_BYTES, PodHttp
from tfs_operator.serving.report_changes import ReportChangesClient

HOST = "127.0.0.1"
REPORT = FetchReport(models={"m": ModelReport(uri="s3://b/m")}, ready=True)


@asynccontextmanager
async def answering(*pieces: bytes, pause: float = 0.05, length: int | None = None) -> AsyncIterator[int]:
    """The port of a server that sends a body in these pieces, each in a TCP segment of its own."""
    size = sum(map(len, pieces)) if length is None else length

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
        try:
            for piece in pieces:
                await writer.drain()
                await asyncio.sleep(pause)
                writer.write(piece)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def halves(body: bytes) -> tuple[bytes, bytes]:
    return body[: len(body) // 2], body[len(body) // 2 :]


async def test_a_report_that_arrives_in_two_pieces_is_whole() -> None:
    async with answering(*halves(REPORT.model_dump_json().encode())) as port, FetcherClient() as client:
        assert await client.tell(HOST, FetchOrder(), port) == REPORT


async def test_a_revision_that_arrives_in_two_pieces_is_whole() -> None:
    async with answering(b"a-1", b"23") as port, ReportChangesClient() as client:
        assert await client.revision(HOST, "a-1", port) == "a-123"


async def test_a_long_answer_in_many_pieces_is_whole() -> None:
    pieces = [bytes([65 + number]) * 20_000 for number in range(10)]
    async with answering(*pieces, pause=0) as port, PodHttp() as http:
        answer = await http.request("GET", HOST, port, "/", limit=200_000)
    assert (answer.body, answer.whole) == (b"".join(pieces), True)


@pytest.mark.parametrize("limit", [1000, SMALL_BYTES, 2 * SMALL_BYTES])
@pytest.mark.parametrize(("more", "whole"), [(0, True), (1, False), (100_000, False)])
async def test_at_most_so_much_is_read(limit: int, more: int, whole: bool) -> None:
    async with answering(b"x" * (limit + more), pause=0) as port, PodHttp() as http:
        answer = await http.request("GET", HOST, port, "/", limit=limit)
    assert (len(answer.body), answer.whole) == (limit, whole)


@pytest.mark.parametrize("client", [FetcherClient, ReportChangesClient])
async def test_an_agents_answer_that_is_too_long(client: Callable[[], FetcherClient | ReportChangesClient]) -> None:
    async with answering(b" " * 2_000_000, pause=0) as port, client() as fetcher:
        with pytest.raises(FetcherUnreachable):
            await (
                fetcher.tell(HOST, FetchOrder(), port)
                if isinstance(fetcher, FetcherClient)
                else fetcher.revision(HOST, "a", port)
            )


async def test_an_answer_that_breaks_off_is_none() -> None:
    async with answering(b"half", length=8) as port, PodHttp() as http:
        with pytest.raises(ModelServerUnreachable):
            await http.request("GET", HOST, port, "/", limit=100)


async def test_few_large_answers_are_read_at_once_and_small_ones_meanwhile() -> None:
    """The others wait, unread, in the kernel."""
    large = (b"x" * (2 * SMALL_BYTES), b"y")
    async with answering(*large, pause=0.3) as slow, answering(b"small", pause=0) as quick, PodHttp() as http:
        asked = [http.request("GET", HOST, slow, "/", limit=1_000_000) for _ in range(3 * MOST_LARGE)]
        pending = [asyncio.ensure_future(each) for each in asked]
        await asyncio.sleep(0.45)
        assert (await http.request("GET", HOST, quick, "/", limit=100)).body == b"small"
        answers = await asyncio.gather(*pending)
    assert all(answer.whole and len(answer.body) == 2 * SMALL_BYTES + 1 for answer in answers)

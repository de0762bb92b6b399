"""A watch as it arrives, in whatever pieces."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from tfs_operator.cluster import errors
from tfs_operator.cluster.watch_events import WatchEvent, WatchEvents


def line(kind: str, version: int, **more: Any) -> bytes:
    event = {"type": kind, "object": {"metadata": {"resourceVersion": str(version)}, **more}}
    return json.dumps(event).encode() + b"\n"


async def read(*chunks: bytes) -> Sequence[WatchEvent]:
    async def arriving() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return [event async for event in WatchEvents(arriving())]


LINES = line("ADDED", 5, data={"a": "ü"}) + line("BOOKMARK", 6) + line("DELETED", 7)


@pytest.mark.parametrize("size", [1, 2, 7, 50, len(LINES)])
async def test_events_arrive_in_pieces_of_any_size(size: int) -> None:
    found = await read(*(LINES[at : at + size] for at in range(0, len(LINES), size)))
    assert [(event.type, event.version) for event in found] == [("ADDED", "5"), ("BOOKMARK", "6"), ("DELETED", "7")]
    assert found[0].object["data"] == {"a": "ü"}


async def test_a_line_may_be_longer_than_an_http_client_takes_for_one() -> None:
    (found,) = await read(line("ADDED", 5, data={"a": "x" * 1_500_000}))
    assert len(found.object["data"]["a"]) == 1_500_000


async def test_what_a_cut_leaves_behind_is_no_event() -> None:
    assert [event.version for event in await read(line("ADDED", 5) + b'{"type": "MODI')] == ["5"]


async def test_an_error_of_the_api_server_is_raised_as_what_it_is() -> None:
    status = {"kind": "Status", "code": 410, "message": "too old resource version: 1 (5)"}
    with pytest.raises(errors.Gone, match="too old resource version"):
        await read(json.dumps({"type": "ERROR", "object": status}).encode() + b"\n")


async def test_an_error_without_a_code_may_pass() -> None:
    with pytest.raises(errors.Transient):
        await read(b'{"type": "ERROR", "object": {}}\n')


@pytest.mark.parametrize("text", [b"<html>", b"[]", b"{}", b'{"type": "ADDED", "object": {}}', b""])
async def test_what_is_no_event_is_said_and_may_pass(text: bytes) -> None:
    with pytest.raises(errors.Transient, match="not an event of a watch"):
        await read(text + b"\n")


async def test_an_object_that_no_decoder_takes_does_not_end_the_watch() -> None:
    deep = '"managedFields":' + "[" * 100_000 + "]" * 100_000
    odd = line("ADDED", 6).replace(b'"resourceVersion"', deep.encode() + b',"resourceVersion"')
    found = await read(line("ADDED", 5), odd, line("ADDED", 7))
    assert [event.version for event in found] == ["5", "6", "7"]

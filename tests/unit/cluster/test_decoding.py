"""What the API server sends is decoded, whatever is in it."""

import json
import logging
from typing import Any

import pytest

from tfs_operator.cluster.decoding import Decoder, shallow
from tfs_operator.domain.object_size import MAX_DEPTH

DEEP = {
    "objects": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "lists": b"[" * 200_000 + b"]" * 200_000,
    "both, with strings that look like them": b'[{"]}\\"[":"{","b":' * 100_000 + b"1" + b"}]" * 100_000,
}


def config_map(fields: bytes, name: bytes = b"m") -> bytes:
    return b'{"kind":"ConfigMap","metadata":{"name":"' + name + b'","managedFields":[{"fieldsV1":' + fields + b"}]}}"


def depth(value: Any) -> int:
    level, count = [value], 0
    while level:
        count += 1
        parts = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, dict | list)]
        level = [each for part in parts for each in part]
    return count


@pytest.mark.parametrize("deep", DEEP.values(), ids=list(DEEP))
async def test_what_is_nested_too_deep_is_left_out_and_nothing_else(deep: bytes) -> None:
    found = await Decoder().decode(b'{"items":[' + config_map(deep) + b"," + config_map(b"{}", b"n") + b"]}")
    assert [item["metadata"]["name"] for item in found["items"]] == ["m", "n"]
    assert depth(found) <= MAX_DEPTH + 2
    json.dumps(found)


@pytest.mark.parametrize(
    "fields",
    [b"9" * 5_000, b"-" + b"9" * 5_000, b'"\xff\xfe"', b'"\xed\xa0\x80\xff"'],
    ids=["a number of 5,000 digits", "a negative one", "bytes that are no UTF-8", "half a surrogate"],
)
async def test_a_value_that_python_does_not_read_costs_that_value_only(fields: bytes) -> None:
    found = await Decoder().decode(config_map(fields))
    assert found["metadata"]["name"] == "m"


async def test_it_is_counted_each_time_and_said_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    counted, now = [], [0.0]
    decoder = Decoder(lambda: counted.append(1), lambda: now[0])
    event = b'{"type":"ADDED","object":' + config_map(DEEP["lists"]) + b"}"
    for now[0] in (0.0, 59.0, 60.0):
        await decoder.decode(event)
    assert len(counted) == 3
    assert len(caplog.messages) == 2
    assert "ConfigMap None/m" in caplog.messages[0]


async def test_of_a_list_the_first_and_the_last_are_named(caplog: pytest.LogCaptureFixture) -> None:
    items = b'{"kind":"ConfigMapList","items":[' + config_map(DEEP["lists"]) + b"," + config_map(b"{}", b"z") + b"]}"
    await Decoder().decode(items)
    assert "one of 2 objects from ConfigMap None/m to ConfigMap None/z (ConfigMapList)" in caplog.text


@pytest.mark.parametrize("text", [b"", b"<html>", b"[" * 200_000, b"{" * 50, b'{"a"', b"\xff"])
async def test_what_is_no_json_is_an_error(text: bytes) -> None:
    with pytest.raises(ValueError):
        await Decoder().decode(text)


def test_what_is_shallow_stays_as_it_is() -> None:
    text = json.dumps({"a": [{"b": '}]"\\'}], "c": {}}).encode()
    assert shallow(text) == text

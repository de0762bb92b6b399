"""What a version answers over REST, and what is made of it."""

import pytest
from aiohttp import web

from tests.unit.domain.verification.answers import SCALE
from tfs_operator.domain.verification import Answer
from tfs_operator.serving.errors import ModelServerUnreachable, VersionNotServed
from tfs_operator.serving.predict import MAX_ANSWER_BYTES, PredictClient

HOST = "127.0.0.1"
VERSION = "/v1/models/mnist/versions/2"


@pytest.fixture
async def client():
    async with PredictClient(timeout_seconds=1.0) as client:
        yield client


async def test_the_signatures_of_exactly_this_version(rest, client):
    rest.answers = {f"{VERSION}/metadata": SCALE}
    found = await client.signatures(HOST, rest.port, "mnist", 2)
    assert list(found) == ["serving_default"]
    assert rest.seen == [f"{VERSION}/metadata"]


async def test_a_version_that_is_not_loaded_has_none(rest, client):
    with pytest.raises(VersionNotServed, match=r"HTTP 404: .*not found"):
        await client.signatures(HOST, rest.port, "mnist", 2)


@pytest.mark.parametrize("body", ["<html>", "{}", "[" * 100_000, '{"metadata": 1}'])
async def test_metadata_that_cannot_be_read(rest, client, body):
    rest.answers = {f"{VERSION}/metadata": web.Response(text=body)}
    with pytest.raises(VersionNotServed, match="its metadata cannot be read"):
        await client.signatures(HOST, rest.port, "mnist", 2)


@pytest.mark.parametrize("status", [200, 302, 400, 404, 500, 501, 503])
async def test_whatever_a_prediction_is_answered_is_returned(rest, client, status):
    headers = {"Location": "/v1/models/other"} if status == 302 else {}
    rest.answers = {f"{VERSION}:predict": web.Response(status=status, text='{"error": "ü"}', headers=headers)}
    assert await client.predict(HOST, rest.port, "mnist", 2, "{}") == Answer(status, '{"error": "ü"}')
    assert rest.bodies == ["{}"]


async def test_a_long_answer_is_read_in_part(rest, client):
    rest.answers = {f"{VERSION}:predict": web.Response(body=b"1" * (3 * MAX_ANSWER_BYTES))}
    answer = await client.predict(HOST, rest.port, "mnist", 2, "{}")
    assert (answer.status, len(answer.body), answer.whole) == (200, MAX_ANSWER_BYTES, False)


async def test_bytes_that_are_no_text(rest, client):
    rest.answers = {f"{VERSION}:predict": web.Response(body=b"\xff\xfe")}
    assert (await client.predict(HOST, rest.port, "mnist", 2, "{}")).body == "\ufffd\ufffd"


async def test_names_are_quoted(rest, client):
    rest.answers = {"/v1/models/a%2Fb%20%C3%BC/versions/3:predict": {"outputs": []}}
    assert (await client.predict(HOST, rest.port, "a/b ü", 3, "{}")).status == 200


async def test_a_silent_server(rest, client):
    rest.seconds = 5
    for call in (client.signatures(HOST, rest.port, "mnist", 2), client.predict(HOST, rest.port, "mnist", 2, "{}")):
        with pytest.raises(ModelServerUnreachable, match="no answer in time"):
            await call


async def test_nobody_listens(client, unused_tcp_port):
    with pytest.raises(ModelServerUnreachable, match=f"127.0.0.1:{unused_tcp_port}"):
        await client.predict(HOST, unused_tcp_port, "mnist", 2, "{}")

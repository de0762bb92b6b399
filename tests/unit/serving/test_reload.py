"""Reloads against a real gRPC server that answers as TF Serving does."""

import asyncio

import grpc
import pytest

from tfs_operator.domain.model_config import Latest, ModelConfig, ModelServerConfig
from tfs_operator.serving import model_management_pb2 as pb
from tfs_operator.serving.errors import ModelServerBusy, ModelServerUnreachable, ReloadRefused
from tfs_operator.serving.reload import ReloadClient

HOST = "127.0.0.1"
CONFIG = ModelServerConfig((ModelConfig("mnist", "/models/mnist", Latest(1), {}),))
BUSY = (grpc.StatusCode.RESOURCE_EXHAUSTED, "Server Threadpool Exhausted")
LABEL_ERROR = "Request to assign label to version 2 of model mnist, which is not currently available"


async def test_the_server_accepts(model_server, reload_client):
    await reload_client.reload(HOST, model_server.port, CONFIG, 5)
    request = pb.ReloadConfigRequest.FromString(model_server.seen[0])
    (model,) = request.config.model_config_list.config
    assert (model.name, model.model_platform) == ("mnist", "tensorflow")


@pytest.mark.parametrize(
    "code", [grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND]
)
async def test_the_server_refuses(model_server, reload_client, code):
    model_server.abort = (code, LABEL_ERROR)
    with pytest.raises(ReloadRefused, match=LABEL_ERROR) as raised:
        await reload_client.reload(HOST, model_server.port, CONFIG, 5)
    assert raised.value.code == code.name


@pytest.mark.parametrize(("number", "name"), [(9, "FAILED_PRECONDITION"), (2, "UNKNOWN"), (99, "99")])
async def test_the_server_refuses_in_its_answer(model_server, reload_client, number, name):
    status = pb.StatusProto(error_code=number, error_message=LABEL_ERROR)
    model_server.answer = pb.ReloadConfigResponse(status=status).SerializeToString()
    with pytest.raises(ReloadRefused) as raised:
        await reload_client.reload(HOST, model_server.port, CONFIG, 5)
    assert (raised.value.code, raised.value.message) == (name, LABEL_ERROR)


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN])
async def test_codes_that_may_come_from_in_between(model_server, reload_client, code):
    model_server.abort = (code, "")
    with pytest.raises(ModelServerUnreachable, match=code.name):
        await reload_client.reload(HOST, model_server.port, CONFIG, 5)


async def test_a_server_without_a_free_thread_is_asked_again_at_once(model_server, reload_client):
    model_server.abort, model_server.aborts = BUSY, 14
    await reload_client.reload(HOST, model_server.port, CONFIG, 60)
    assert len(model_server.seen) == 15
    assert len(set(model_server.seen)) == 1
    assert len(model_server.connections) == 1


async def test_a_server_that_stays_without_a_free_thread_is_busy_at_the_deadline(model_server, reload_client):
    model_server.abort = BUSY
    with pytest.raises(ModelServerBusy, match="RESOURCE_EXHAUSTED: Server Threadpool Exhausted"):
        await reload_client.reload(HOST, model_server.port, CONFIG, 6.0)
    assert 1 < len(model_server.seen) < 300  # 600 tries and more would be no back-off
    seen = len(model_server.seen)
    await asyncio.sleep(0.3)
    assert len(model_server.seen) == seen


@pytest.mark.parametrize(
    ("aborts", "pause", "error"),
    [(2, 2.0, ModelServerBusy), (1, 0.5, ModelServerUnreachable)],
    ids=["without time", "with time"],
)
async def test_a_last_try_without_time_does_not_hide_that_the_server_was_busy(
    model_server, reload_client, monkeypatch, aborts, pause, error
):
    """One that had most of the time was taken, and the server is at work on it."""

    def answers_no_more(*_):
        model_server.seconds = 0 if model_server.aborts else 30
        return pause

    monkeypatch.setattr("tfs_operator.serving.reload.delay", answers_no_more)
    monkeypatch.setattr("tfs_operator.serving.reload.random.uniform", lambda *_: 1.0)
    model_server.abort, model_server.aborts = BUSY, aborts
    with pytest.raises(error):
        await reload_client.reload(HOST, model_server.port, CONFIG, 6.5)
    assert len(model_server.seen) == aborts + 1


async def test_what_another_try_is_refused_is_a_refusal(model_server, reload_client):
    model_server.abort, model_server.aborts = BUSY, 1
    task = asyncio.create_task(reload_client.reload(HOST, model_server.port, CONFIG, 60))
    await model_server.asked.wait()
    model_server.abort, model_server.aborts = (grpc.StatusCode.FAILED_PRECONDITION, LABEL_ERROR), None
    with pytest.raises(ReloadRefused, match=LABEL_ERROR):
        await task


async def test_a_caller_who_gives_up_while_the_server_is_busy_is_cancelled(model_server, reload_client):
    model_server.abort = BUSY
    task = asyncio.create_task(reload_client.reload(HOST, model_server.port, CONFIG, 60))
    await model_server.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_server_that_never_answers(model_server, reload_client):
    model_server.seconds = 30
    with pytest.raises(ModelServerUnreachable, match="DEADLINE_EXCEEDED"):
        await reload_client.reload(HOST, model_server.port, CONFIG, 0.3)


async def test_nobody_listens(reload_client, unused_tcp_port):
    with pytest.raises(ModelServerUnreachable, match="UNAVAILABLE"):
        await reload_client.reload(HOST, unused_tcp_port, CONFIG, 5)


async def test_an_answer_of_another_kind(model_server, reload_client):
    model_server.answer = b"\xff\xff\xff"
    with pytest.raises(ModelServerUnreachable, match="not TF Serving's"):
        await reload_client.reload(HOST, model_server.port, CONFIG, 5)


async def test_one_channel_an_address(model_server, reload_client):
    for _ in range(3):
        await reload_client.reload(HOST, model_server.port, CONFIG, 5)
    assert len(model_server.connections) == 1


async def test_what_was_closed_is_opened_anew(model_server, reload_client):
    await reload_client.reload(HOST, model_server.port, CONFIG, 5)
    await reload_client.close()
    await reload_client.close()
    await reload_client.reload(HOST, model_server.port, CONFIG, 5)
    assert len(model_server.seen) == 2


async def test_channels_are_bounded(model_server, unused_tcp_port):
    """The one that was used longest ago gives way, and with it what still goes on there."""
    model_server.seconds = 30
    async with ReloadClient(max_channels=1) as client:
        task = asyncio.create_task(client.reload(HOST, model_server.port, CONFIG, 20))
        await model_server.asked.wait()
        with pytest.raises(ModelServerUnreachable, match="UNAVAILABLE"):
            await client.reload(HOST, unused_tcp_port, CONFIG, 5)
        with pytest.raises(ModelServerUnreachable, match="closed"):
            await task


async def test_a_reload_whose_channel_is_closed_is_no_cancellation_of_its_caller(model_server, reload_client):
    model_server.seconds = 30
    task = asyncio.create_task(reload_client.reload(HOST, model_server.port, CONFIG, 20))
    await model_server.asked.wait()
    await reload_client.close()
    with pytest.raises(ModelServerUnreachable, match="closed"):
        await task


async def test_a_caller_who_gives_up_is_cancelled(model_server, reload_client):
    model_server.seconds = 30
    task = asyncio.create_task(reload_client.reload(HOST, model_server.port, CONFIG, 20))
    await model_server.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

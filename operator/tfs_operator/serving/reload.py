"""Sends one pod's model server its whole config, over gRPC.

A reload is unauthenticated and shares the port with predictions. It answers before new versions are loaded,
and a new model whose base path is missing blocks it for ever: hence a deadline on every call. A pod that serves over
TLS is called over TLS, and only the certificate that its status tells of is trusted. A server whose gRPC threads are
all in use refuses a reload like any other call, so that one is repeated until its deadline.
"""

import asyncio
import random
import time
from collections import OrderedDict
from types import TracebackType
from typing import NamedTuple, Self

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from tfs_operator.domain.backoff import delay
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.domain.tls import Certificate

from . import model_management_pb2 as pb
from .certificates import presented
from .errors import ModelServerBusy, ModelServerUnreachable, ReloadRefused, ServingError
from .wire import reload_request

METHOD = "/tensorflow.serving.ModelService/HandleReloadConfigRequest"

_REFUSALS = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.DATA_LOSS,
}
"""Codes that the gRPC library never makes up, so they are the server's own word.

Source: https://grpc.io/docs/guides/status-codes/
"""

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.01, 0.1
"""Between two tries of a call that found no thread: one is free for as long as the next caller takes to use it, so few
tries succeed while a server is busy (one in fifteen, measured with as many callers as threads)."""

_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    # A pod that comes back is tried again at once; the default back-off grows to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.max_receive_message_length", 64 * 1024),
)


class _Address(NamedTuple):
    host: str
    port: int
    certificate: Certificate | None


class ReloadClient:
    """One channel an address and certificate, at most `max_channels`; the one that was idle longest gives way.

    A request waits for one of `max_in_flight` slots before its deadline starts.
    """

    def __init__(self, *, max_channels: int = 256, max_in_flight: int = 64) -> None:
        self._max_channels = max_channels
        self._slots = asyncio.Semaphore(max_in_flight)
        self._channels: OrderedDict[_Address, grpc.aio.Channel] = OrderedDict()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes every channel; reloads in flight end as ModelServerUnreachable."""
        for address in list(self._channels):
            await self._close(address)

    async def reload(
        self,
        host: str,
        port: int,
        config: ModelServerConfig,
        deadline_seconds: float,
        certificate: Certificate | None = None,
    ) -> None:
        """Replaces the server's config; returns once the server has accepted it, loaded or not. With a `certificate`
        over TLS, and to no server that presents another one.

        Raises ReloadRefused with the server's words, ModelServerBusy if it had no thread free until the deadline,
        ModelServerUnreachable for everything else.
        """
        request = reload_request(config)
        async with self._slots:
            deadline = time.monotonic() + deadline_seconds
            try:
                channel = await self._channel(_Address(host, port, certificate), deadline_seconds)
                response = await _call_until_begun(channel, host, port, request, deadline)
            finally:
                await self._evict()
        if response.status.error_code:
            raise ReloadRefused(_code_name(response.status.error_code), response.status.error_message)

    async def _channel(self, address: _Address, deadline_seconds: float) -> grpc.aio.Channel:
        if address not in self._channels:
            opened = await _opened(address, deadline_seconds)
            if self._channels.setdefault(address, opened) is not opened:
                await opened.close()  # another call was quicker
        self._channels.move_to_end(address)
        return self._channels[address]

    async def _close(self, address: _Address) -> None:
        channel = self._channels.pop(address, None)
        if channel is not None:
            await channel.close()

    async def _evict(self) -> None:
        while len(self._channels) > self._max_channels:
            await self._close(next(iter(self._channels)))


async def _opened(address: _Address, deadline_seconds: float) -> grpc.aio.Channel:
    host, port, certificate = address
    if certificate is None:
        return grpc.aio.insecure_channel(_target(host, port), options=_OPTIONS)
    trusted = grpc.ssl_channel_credentials(await presented(host, port, certificate, deadline_seconds))
    options = (*_OPTIONS, ("grpc.ssl_target_name_override", certificate.name))
    return grpc.aio.secure_channel(_target(host, port), trusted, options=options)


async def _call_until_begun(
    channel: grpc.aio.Channel, host: str, port: int, request: pb.ReloadConfigRequest, deadline: float
) -> pb.ReloadConfigResponse:
    """Repeats a call that found no thread, with a pause, as long as there is time for another one. A last one for which
    too little time was left does not hide that the server was busy."""
    failures, began, busy = 0, time.monotonic(), None
    while True:
        tried = time.monotonic()
        try:
            return await _call(channel, host, port, request, deadline - tried)
        except ModelServerUnreachable:
            had_little_time = deadline - tried < tried - began
            if busy is not None and had_little_time and time.monotonic() >= deadline:
                raise busy from None
            raise
        except ModelServerBusy as error:
            busy = error
            failures += 1
            pause = delay(failures, _FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1)
            if time.monotonic() + 2 * pause > deadline:
                raise
            await asyncio.sleep(pause)


async def _call(
    channel: grpc.aio.Channel, host: str, port: int, request: pb.ReloadConfigRequest, deadline_seconds: float
) -> pb.ReloadConfigResponse:
    method = channel.unary_unary(
        METHOD,
        request_serializer=pb.ReloadConfigRequest.SerializeToString,
        response_deserializer=bytes,  # grpc.aio logs what a deserializer raises, and answers None
    )
    call = method(request, timeout=deadline_seconds)
    try:
        return pb.ReloadConfigResponse.FromString(await call)
    except DecodeError:
        raise ModelServerUnreachable(host, port, "its answer is not TF Serving's") from None
    except grpc.aio.AioRpcError as error:
        raise _translated(host, port, error) from error
    except asyncio.CancelledError:
        # A channel that is closed cancels its calls; that is not our caller being cancelled.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise ModelServerUnreachable(host, port, "its channel was closed") from None


def _translated(host: str, port: int, error: grpc.aio.AioRpcError) -> ServingError:
    code, details = error.code(), error.details() or ""
    if code in _REFUSALS:
        return ReloadRefused(code.name, details)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return ModelServerBusy(f"{code.name}: {details}")
    return ModelServerUnreachable(host, port, f"{code.name}: {details}")


def _code_name(number: int) -> str:
    """TF Serving's error codes are gRPC's; a number that gRPC does not know stands for itself."""
    names = {code.value[0]: code.name for code in grpc.StatusCode}
    return names.get(number, str(number))


def _target(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

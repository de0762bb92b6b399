"""Calls that reach no method end without a message on the real server, where Python's gRPC would send one."""

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError

_MALFORMED = object()
"""In place of a request that could not be read."""


class ErrorsWithoutMessage(grpc.ServerInterceptor):
    """Answers unknown methods by UNIMPLEMENTED and malformed requests by INTERNAL, both without a message."""

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Any],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = continuation(handler_call_details)
        if handler is None:
            return grpc.stream_stream_rpc_method_handler(_unimplemented)
        if not handler.unary_unary:
            return handler
        return grpc.unary_unary_rpc_method_handler(
            _checked(handler.unary_unary), _tolerant(handler.request_deserializer), handler.response_serializer
        )


def _unimplemented(_: Any, context: grpc.ServicerContext) -> Any:
    context.abort(grpc.StatusCode.UNIMPLEMENTED, "")


def _checked(method: Callable[[Any, grpc.ServicerContext], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
    def checked(request: Any, context: grpc.ServicerContext) -> Any:
        if request is _MALFORMED:
            context.abort(grpc.StatusCode.INTERNAL, "")
        return method(request, context)

    return checked


def _tolerant(read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def tolerant(data: bytes) -> Any:
        try:
            return read(data)
        except DecodeError:
            return _MALFORMED

    return tolerant

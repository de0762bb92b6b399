"""grpc.health.v1.Health, as --enable_grpc_healthcheck_service offers it: set once, never updated.

The two messages are declared here, so that no further package is needed.
"""

import threading
from collections.abc import Iterator
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto

SERVING, SERVICE_UNKNOWN = 1, 3
_SERVICES = ("", "ModelService", "PredictionService")


def _messages() -> tuple[Any, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name="model_server/health.proto", package="grpc.health.v1", syntax="proto3"
    )
    request = file.message_type.add(name="HealthCheckRequest")
    request.field.add(name="service", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL)
    response = file.message_type.add(name="HealthCheckResponse")
    # On the wire an enum is an integer like any other.
    response.field.add(name="status", number=1, type=_Field.TYPE_INT32, label=_Field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = ("HealthCheckRequest", "HealthCheckResponse")
    found = [message_factory.GetMessageClass(pool.FindMessageTypeByName(f"grpc.health.v1.{n}")) for n in names]
    return found[0], found[1]


_REQUEST, _RESPONSE = _messages()


def add_health_service(server: grpc.Server) -> None:
    methods = {
        "Check": grpc.unary_unary_rpc_method_handler(
            _check, request_deserializer=_REQUEST.FromString, response_serializer=_RESPONSE.SerializeToString
        ),
        "Watch": grpc.unary_stream_rpc_method_handler(
            _watch, request_deserializer=_REQUEST.FromString, response_serializer=_RESPONSE.SerializeToString
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("grpc.health.v1.Health", methods),))


def _check(request: Any, context: grpc.ServicerContext) -> Any:
    if request.service not in _SERVICES:
        context.abort(grpc.StatusCode.NOT_FOUND, "service name unknown")
    return _RESPONSE(status=SERVING)


def _watch(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
    yield _RESPONSE(status=SERVING if request.service in _SERVICES else SERVICE_UNKNOWN)
    ended = threading.Event()
    if context.add_callback(ended.set):
        ended.wait()

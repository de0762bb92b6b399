"""The text files named by flags: ModelServerConfig, and the messages that no wheel carries.

MonitoringConfig, SSLConfig, BatchingParameters and ThreadPoolFactoryConfig are absent from tensorflow-serving-api, so
they are declared here with the names and numbers of tensorflow_serving/config and servables/tensorflow.
"""

import errno
import mmap
import os
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2
from google.protobuf.message import Message

from model_server.file_errors import file_error
from model_server.protos import model_server_config_pb2
from model_server.status import invalid_argument

_Field = descriptor_pb2.FieldDescriptorProto
_Parsed = TypeVar("_Parsed", bound=Message)


def read_model_server_config(path: str) -> Any:
    """Reads a ModelServerConfig; raises StatusError as the real server words it."""
    return read_text_proto(path, model_server_config_pb2.ModelServerConfig())


def single_model_config(name: str, base_path: str) -> Any:
    """The config that --model_name and --model_base_path stand for."""
    config = model_server_config_pb2.ModelServerConfig()
    config.model_config_list.config.add(name=name, base_path=base_path, model_platform="tensorflow")
    return config


def read_text_proto(path: str, message: _Parsed) -> _Parsed:
    """Fills `message` from a text file (util/proto_util.h)."""
    try:
        return text_format.Parse(_mapped(path), message)
    except OSError as error:
        raise file_error(path, error) from error
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise invalid_argument(f"Invalid protobuf file: '{path}'") from error


def _mapped(path: str) -> bytes:
    """Reads a file by way of a mapping, as the real server does: there is none of a folder, and none of no bytes."""
    number = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(number).st_size
        if not size:
            raise OSError(errno.EINVAL, "no bytes")
        with mmap.mmap(number, size, prot=mmap.PROT_READ) as mapped:
            return mapped[:]
    finally:
        os.close(number)


@dataclass(frozen=True)
class Tls:
    """The gRPC server's certificate and key, PEM; `client_ca` is set when clients must show a certificate."""

    key: bytes
    certificate: bytes
    custom_ca: bytes
    client_verify: bool


def read_tls(path: str) -> Tls:
    config: Any = read_text_proto(path, SSL_CONFIG())
    return Tls(
        config.server_key.encode(),
        config.server_cert.encode(),
        config.custom_ca.encode(),
        config.client_verify,
    )


def read_metrics_path(path: str) -> str | None:
    """The path at which metrics are shown, or None when they are off."""
    config: Any = read_text_proto(path, MONITORING_CONFIG())
    if not config.prometheus_config.enable:
        return None
    return config.prometheus_config.path or "/monitoring/prometheus/metrics"


def read_thread_pool_factory(path: str) -> None:
    """Raises StatusError for a file that the real server does not read; what it says has no effect in the double."""
    read_text_proto(path, THREAD_POOL_FACTORY_CONFIG())


def _field(name: str, number: int, kind: str, *, repeated: bool = False) -> descriptor_pb2.FieldDescriptorProto:
    label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
    scalar = {"string": _Field.TYPE_STRING, "bool": _Field.TYPE_BOOL, "int64": _Field.TYPE_INT64}.get(kind)
    if scalar is not None:
        return _Field(name=name, number=number, label=label, type=scalar)
    return _Field(name=name, number=number, label=label, type=_Field.TYPE_MESSAGE, type_name=kind)


def _declare() -> descriptor_pool.DescriptorPool:
    int64, string, boolean = (f".google.protobuf.{name}Value" for name in ("Int64", "String", "Bool"))
    messages = {
        "PrometheusConfig": [_field("enable", 1, "bool"), _field("path", 2, "string")],
        "MonitoringConfig": [_field("prometheus_config", 1, ".tensorflow.serving.PrometheusConfig")],
        "SSLConfig": [
            *(_field(name, i, "string") for i, name in enumerate(("server_key", "server_cert", "custom_ca"), 1)),
            _field("client_verify", 4, "bool"),
        ],
        "BatchingParameters": [
            _field("max_batch_size", 1, int64),
            _field("batch_timeout_micros", 2, int64),
            _field("max_enqueued_batches", 3, int64),
            _field("num_batch_threads", 4, int64),
            _field("thread_pool_name", 5, string),
            _field("allowed_batch_sizes", 6, "int64", repeated=True),
            _field("pad_variable_length_inputs", 7, "bool"),
            _field("enable_large_batch_splitting", 8, boolean),
            _field("max_execution_batch_size", 9, int64),
        ],
        "ThreadPoolFactoryConfig": [_field("thread_pool_factory_config", 1, ".google.protobuf.Any")],
    }
    file = descriptor_pb2.FileDescriptorProto(
        name="model_server/text_files.proto",
        package="tensorflow.serving",
        syntax="proto3",
        dependency=["google/protobuf/wrappers.proto", "google/protobuf/any.proto"],
        message_type=[descriptor_pb2.DescriptorProto(name=n, field=f) for n, f in messages.items()],
    )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(any_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return pool


def _message(name: str) -> type[Message]:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"tensorflow.serving.{name}"))


_POOL = _declare()
MONITORING_CONFIG = _message("MonitoringConfig")
SSL_CONFIG = _message("SSLConfig")
BATCHING_PARAMETERS = _message("BatchingParameters")
THREAD_POOL_FACTORY_CONFIG = _message("ThreadPoolFactoryConfig")

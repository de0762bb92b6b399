"""What the flags say, and the files that they name, read in the order in which the real server reads them.

(model_servers/server.cc, BuildAndStart)
"""

from dataclasses import dataclass
from typing import Any

from model_server import config, log
from model_server.batching_parameters import BatchingParameters, read_batching_parameters
from model_server.flags import Flags
from model_server.protos import config_pb2, platform_config_pb2
from model_server.status import invalid_argument

SOURCE = "model_servers/server.cc"


@dataclass(frozen=True)
class Settings:
    """A ModelServerConfig and a ConfigProto; `batching` is None where runs do not wait for one another."""

    models: Any
    session: Any
    batching: BatchingParameters | None


def read_settings(flags: Flags) -> Settings:
    """Raises StatusError for flags that go ill together, and for a file that is missing or has a mistake."""
    _check(flags)
    models = _models(flags)
    if flags.platform_config_file:
        # Read, and without effect, as flags.py says.
        config.read_text_proto(flags.platform_config_file, platform_config_pb2.PlatformConfigMap())
        return Settings(models, config_pb2.ConfigProto(), None)
    batching = _batching(flags)
    return Settings(models, _session(flags), batching)


def _check(flags: Flags) -> None:
    if not flags.port and not flags.grpc_socket_path:
        raise invalid_argument(
            "At least one of server_options.grpc_port or server_options.grpc_socket_path must be set."
        )
    if flags.use_alts_credentials and flags.ssl_config_file:
        raise invalid_argument("Either use_alts_credentials must be false or ssl_config_file must be empty.")
    if not flags.model_base_path and not flags.model_config_file:
        raise invalid_argument("Both server_options.model_base_path and server_options.model_config_file are empty!")


def _models(flags: Flags) -> Any:
    if flags.model_config_file:
        return config.read_model_server_config(flags.model_config_file)
    name, path = flags.model_name, flags.model_base_path
    log.info(SOURCE, f"Building single TensorFlow model file config:  model_name: {name} model_base_path: {path}")
    return config.single_model_config(name, path)


def _batching(flags: Flags) -> BatchingParameters | None:
    path = flags.batching_parameters_file
    if flags.enable_batching:
        return read_batching_parameters(path) if path else BatchingParameters()
    if path:
        raise invalid_argument(
            "server_options.batching_parameters_file is set without setting server_options.enable_batching to true."
        )
    return None


def _session(flags: Flags) -> Any:
    session = config_pb2.ConfigProto()
    if flags.tensorflow_session_config_file:
        config.read_text_proto(flags.tensorflow_session_config_file, session)
    both, intra, inter = (
        flags.tensorflow_session_parallelism,
        flags.tensorflow_intra_op_parallelism,
        flags.tensorflow_inter_op_parallelism,
    )
    if both > 0 and intra > 0 and inter > 0:
        raise invalid_argument(
            "Either configure server_options.tensorflow_session_parallelism or "
            "(server_options.tensorflow_intra_op_parallelism, server_options.tensorflow_inter_op_parallelism) "
            "separately. You cannot configure all."
        )
    separate = intra > 0 or inter > 0
    session.intra_op_parallelism_threads = intra if separate else both
    session.inter_op_parallelism_threads = inter if separate else both
    return session

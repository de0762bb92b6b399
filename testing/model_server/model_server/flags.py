"""The command line: TensorFlow's flag syntax, which is not argparse's.

Values only as `--name=value`; a boolean also as `--name`. An unknown argument is kept and reported, never an
error; a value that cannot be read is one. (tensorflow/core/util/command_line_flags.cc)
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TypeVar

from model_server import log

Value = TypeVar("Value", int, float, bool, str)

_INTEGER = re.compile(r"\s*[+-]?\d+", re.ASCII)
_LONG = ("load_retry_interval_micros",)
"""The flags of 64 bits; the others have 32."""

_THREADS = 4 * len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 8


def _flag(default: Value, usage: str = "Accepted without effect in the double.") -> Value:
    return field(default=default, metadata={"usage": usage})


@dataclass
class Flags:
    """What `tensorflow_model_server` accepts: each field is the flag of that name.

    Types and defaults as in tensorflow_serving/model_servers/main.cc and server.h.
    """

    port: int = _flag(8500, "TCP port for gRPC; 0: none.")
    grpc_socket_path: str = _flag("", "UNIX socket on which gRPC listens as well.")
    rest_api_port: int = _flag(0, "TCP port for REST; 0: none.")
    rest_api_num_threads: int = _flag(_THREADS, "REST threads; one of them runs the event loop.")
    rest_api_timeout_in_ms: int = _flag(30_000, "Longest run of one REST prediction, in milliseconds.")
    rest_api_enable_cors_support: bool = _flag(False, "Send CORS headers.")
    enable_batching: bool = _flag(False, "Run requests that arrive together as one batch.")
    allow_version_labels_for_unavailable_models: bool = _flag(
        False, "Let a new label name a version that is not available."
    )
    batching_parameters_file: str = _flag("", "Text BatchingParameters; fatal without --enable_batching.")
    enable_per_model_batching_parameters: bool = _flag(
        False, "Take them from batching_params.pbtxt in the version's folder."
    )
    model_config_file: str = _flag("", "Text ModelServerConfig; --model_name and --model_base_path give way.")
    model_config_file_poll_wait_seconds: int = _flag(0, "Seconds between reads of that file; 0: once.")
    model_name: str = _flag("default", "Name of the one model.")
    model_base_path: str = _flag("", "Base path of the one model.")
    num_load_threads: int = _flag(0, "Threads that load; 0: the manager's own, which waits meanwhile.")
    num_unload_threads: int = _flag(0, "Threads that unload; 0: the manager's own.")
    max_num_load_retries: int = _flag(5, "Further attempts after a load failed.")
    load_retry_interval_micros: int = _flag(60_000_000, "Microseconds between attempts.")
    file_system_poll_wait_seconds: int = _flag(1, "Seconds between looks for versions; 0: one look only.")
    flush_filesystem_caches: bool = _flag(True)
    tensorflow_session_parallelism: int = _flag(0, "Threads of TensorFlow, within and between operations.")
    tensorflow_session_config_file: str = _flag("")
    tensorflow_intra_op_parallelism: int = _flag(0, "Threads of TensorFlow within an operation.")
    tensorflow_inter_op_parallelism: int = _flag(0, "Threads of TensorFlow between operations.")
    use_alts_credentials: bool = _flag(False)
    ssl_config_file: str = _flag("", "Text SSLConfig for gRPC, with the PEM texts inline.")
    platform_config_file: str = _flag("")
    per_process_gpu_memory_fraction: float = _flag(0.0)
    saved_model_tags: str = _flag("serve", "Comma-separated tags of the meta graph to load.")
    grpc_channel_arguments: str = _flag("", "Comma-separated key=value arguments of the gRPC server.")
    grpc_max_threads: int = _flag(_THREADS, "gRPC threads; calls beyond them are refused.")
    enable_model_warmup: bool = _flag(True, "Replay assets.extra/tf_serving_warmup_requests at load.")
    num_request_iterations_for_warmup: int = _flag(0, "Replays of each warmup request, if above 0.")
    version: bool = _flag(False, "Print the version and leave.")
    monitoring_config_file: str = _flag("", "Text MonitoringConfig.")
    remove_unused_fields_from_bundle_metagraph: bool = _flag(True)
    prefer_tflite_model: bool = _flag(False)
    num_tflite_pools: int = _flag(1)
    num_tflite_interpreters_per_pool: int = _flag(1)
    enable_signature_method_name_check: bool = _flag(False, "Hold a signature to its method_name.")
    xla_cpu_compilation_enabled: bool = _flag(False)
    xla_gpu_compilation_enabled: bool = _flag(False)
    enable_profiler: bool = _flag(True)
    thread_pool_factory_config_file: str = _flag("")
    mixed_precision: str = _flag("")
    skip_initialize_tpu: bool = _flag(False)
    enable_grpc_healthcheck_service: bool = _flag(False, "Offer grpc.health.v1.Health.")
    enable_serialization_as_tensor_content: bool = _flag(False, "Answer Predict with tensor_content.")


class BadFlag(Exception):
    """A value that its flag cannot take."""


def parse(arguments: Sequence[str]) -> tuple[Flags, list[str]]:
    """Reads the arguments after the program's name: the flags, and the arguments that are none.

    Raises BadFlag after logging each value that cannot be read; `--help` as the first unknown one counts too.
    """
    flags, unknown, bad = Flags(), [], False
    for argument in arguments:
        try:
            if not _assign(flags, argument):
                unknown.append(argument)
        except BadFlag as refusal:
            log.error("../tensorflow/core/util/command_line_flags.cc", str(refusal))
            bad = True
    if bad or unknown[:1] == ["--help"]:
        raise BadFlag
    return flags, unknown


def usage(program: str) -> str:
    """The text printed for a bad value, an unknown argument and `--help`."""
    lines = [f"usage: {program}", "Flags:"]
    for known in fields(Flags):
        shown = str(known.default).lower() if isinstance(known.default, bool) else repr(known.default)
        lines.append(f"\t--{known.name}={shown}\t{known.metadata['usage']}")
    return "\n".join(lines)


def _assign(flags: Flags, argument: str) -> bool:
    for known in fields(Flags):
        prefix = f"--{known.name}"
        rest = argument.removeprefix(prefix)
        if not argument.startswith(prefix):
            continue
        # A boolean swallows every longer name that starts with its own, as in TensorFlow.
        if isinstance(known.default, bool):
            setattr(flags, known.name, _boolean(known.name, rest))
            return True
        if rest.startswith("="):
            setattr(flags, known.name, _value(known.name, known.default, rest[1:]))
            return True
    return False


def _boolean(name: str, rest: str) -> bool:
    if rest in ("", "=true"):
        return True
    if rest == "=false":
        return False
    raise BadFlag(f"Couldn't interpret value {rest} for flag {name}.")


def _value(name: str, default: object, text: str) -> object:
    if isinstance(default, str):
        return text
    try:
        if isinstance(default, float):
            return float(text)
        if _INTEGER.fullmatch(text):
            return _as_c(int(text), 64 if name in _LONG else 32)
    except ValueError:
        pass
    raise BadFlag(f"Couldn't interpret value {text} for flag {name}.")


def _as_c(value: int, bits: int) -> int:
    """What C's sscanf stores of a number: the nearest of 64 bits, and the lower half of it in 32."""
    value = min(max(value, -(2**63)), 2**63 - 1)
    return (value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)

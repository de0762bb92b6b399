"""Flags and the file that `spec.server`'s tuning stands for; nothing of a field that is left out.

Sources: tensorflow_serving/model_servers/main.cc, servables/tensorflow/session_bundle_config.proto.
"""

from collections.abc import Iterator
from typing import Any

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.server import Server
from tfs_operator.api.tuning import Batching, Warmup
from tfs_operator.domain.drift import digest
from tfs_operator.domain.thread_pools import ThreadPools, thread_pools
from tfs_operator.render.volumes import CONFIG_PATH

BATCHING_FILE = "batching.config"
BATCHING_DIGEST_ANNOTATION = "tfs-operator.io/batching-digest"


def tuning_flags(server: Server) -> list[str]:
    pools = thread_pools(server)
    return [
        *_batching(server),
        *_warmup(server.warmup),
        *_flag("tensorflow_intra_op_parallelism", pools.intra_op),
        *_flag("tensorflow_inter_op_parallelism", pools.inter_op),
        *_flag("rest_api_num_threads", pools.rest),
        *_flag("grpc_max_threads", pools.grpc),
        *_flag("per_process_gpu_memory_fraction", server.gpu_memory_fraction),
    ]


def batching_file(server: Server) -> dict[str, str]:
    """Returns the file's name and text, or nothing where it would be empty: the server refuses an empty file."""
    lines = _parameters(server.batching, thread_pools(server)) if server.batching else ()
    text = "".join(f"{line}\n" for line in lines)
    return {BATCHING_FILE: text} if text else {}


def batching_digest(server: Server) -> Manifest:
    """Returns an annotation of the pods: they read the file at their start only, so another text replaces them."""
    file = batching_file(server)
    return {BATCHING_DIGEST_ANNOTATION: digest(file)} if file else {}


def _parameters(batching: Batching, pools: ThreadPools) -> Iterator[str]:
    """A text BatchingParameters, whose numbers are messages around them."""
    wrapped = {
        "max_batch_size": batching.max_batch_size,
        "batch_timeout_micros": batching.batch_timeout_micros,
        "max_enqueued_batches": batching.max_enqueued_batches,
        "num_batch_threads": pools.batch,
    }
    yield from (f"{name} {{ value: {number} }}" for name, number in wrapped.items() if number is not None)
    yield from (f"allowed_batch_sizes: {size}" for size in batching.allowed_batch_sizes or [])
    if batching.pad_variable_length_inputs is not None:
        yield f"pad_variable_length_inputs: {_text(batching.pad_variable_length_inputs)}"


def _batching(server: Server) -> list[str]:
    if server.batching is None:
        return []
    return [
        "--enable_batching=true",
        *(f"--batching_parameters_file={CONFIG_PATH}/{file}" for file in batching_file(server)),
    ]


def _warmup(warmup: Warmup | None) -> list[str]:
    if warmup is None:
        return []
    enabled = _flag("enable_model_warmup", warmup.enabled)
    return [*enabled, *_flag("num_request_iterations_for_warmup", warmup.iterations)]


def _flag(name: str, value: Any) -> list[str]:
    return [] if value is None else [f"--{name}={_text(value)}"]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

"""How many threads a model server gets: TensorFlow sizes its pools for the node's CPUs, a container has its request.

Sources: model_servers/server.h, server.cc; tensorflow/core/common_runtime/direct_session.cc; gRPC's
src/cpp/thread_manager/thread_manager.cc.
"""

import math
from dataclasses import dataclass

from tfs_operator.api.server import ResourceRequirements, Server
from tfs_operator.api.tuning import Batching, Parallelism, is_given
from tfs_operator.domain.drift import quantity

REST_THREADS_PER_CPU = 4
"""The server's own, counted in CPUs of the node (model_servers/server.h)."""

LEAST_REST_THREADS = 32
"""Fewer would make the probes, which ask by REST too, wait behind a few slow predictions."""

MOST_REST_THREADS = 512

GRPC_THREADS_PER_CPU = 4
"""The server's own, counted in CPUs of the node (model_servers/main.cc)."""

LEAST_GRPC_THREADS = 256
"""A call that finds no thread is refused, not kept waiting, and a thread exists only while a call needs it: so there
are more than callers are likely to be, instead of few."""

MOST_GRPC_THREADS = 1024
"""Each takes about 80 KiB, and from some 1,500 threads on they keep each other waiting (gRPC's own comment)."""

SPARE_GRPC_THREADS = 64
"""Beside those whose calls wait in batches: for reloads and status, for gRPC itself, and for calls that were just
answered, whose threads are not free at once."""

_POOLS = ("tensorflow_session_parallelism", "tensorflow_intra_op_parallelism", "tensorflow_inter_op_parallelism")
_REST = ("rest_api_num_threads",)
_GRPC = ("grpc_max_threads",)


@dataclass(frozen=True)
class ThreadPools:
    """None leaves a pool to the server."""

    intra_op: int | None = None
    inter_op: int | None = None
    rest: int | None = None
    grpc: int | None = None
    batch: int | None = None


def thread_pools(server: Server) -> ThreadPools:
    """Returns the user's numbers; else those that follow from CPU request and batching, unless extraArgs set them."""
    chosen, cpus = server.parallelism or Parallelism(), cpu_request(server.resources)
    computing = None if is_given(_POOLS, server.extra_args) else cpus
    answering = None if is_given(_REST, server.extra_args) else _rest_threads(cpus, server.batching)
    calling = None if is_given(_GRPC, server.extra_args) else _grpc_threads(cpus, server.batching)
    return ThreadPools(
        intra_op=chosen.intra_op or computing,
        inter_op=chosen.inter_op or computing,
        rest=chosen.rest_threads or answering,
        grpc=chosen.grpc_threads or calling,
        batch=(server.batching.num_batch_threads or cpus) if server.batching else None,
    )


def cpu_request(resources: ResourceRequirements | None) -> int | None:
    """Whole CPUs, rounded up. As in Kubernetes, a limit without a request is the request."""
    if resources is None:
        return None
    asked = (resources.requests or {}).get("cpu", (resources.limits or {}).get("cpu", 0))
    return math.ceil(quantity(asked)) or None


def _rest_threads(cpus: int | None, batching: Batching | None) -> int | None:
    """More than the server's own would be for so few CPUs, and only then."""
    if cpus is None:
        return None
    threads = min(max(LEAST_REST_THREADS, _two_batches(batching) + 1), MOST_REST_THREADS)
    return threads if REST_THREADS_PER_CPU * cpus < threads else None


def _grpc_threads(cpus: int | None, batching: Batching | None) -> int:
    """Never left to the server, whose own are too few wherever a node has few CPUs."""
    filling = _two_batches(batching) + SPARE_GRPC_THREADS
    return min(max(LEAST_GRPC_THREADS, GRPC_THREADS_PER_CPU * (cpus or 0), filling), MOST_GRPC_THREADS)


def _two_batches(batching: Batching | None) -> int:
    """Returns how many requests of one example each are in two batches, each waiting on a thread of its own: while one
    batch runs the next one fills (batching/README.md). 0 where the size is left to the server."""
    return 2 * (batching.max_batch_size or 0) if batching else 0

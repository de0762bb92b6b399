"""How many threads a model server gets: TensorFlow sizes its pools for the node's CPUs, a container has its request.

Sources: model_servers/server.h, server.cc; tensorflow/core/common_runtime/direct_session.cc.
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

_POOLS = ("tensorflow_session_parallelism", "tensorflow_intra_op_parallelism", "tensorflow_inter_op_parallelism")
_REST = ("rest_api_num_threads",)


@dataclass(frozen=True)
class ThreadPools:
    """None leaves a pool to the server."""

    intra_op: int | None = None
    inter_op: int | None = None
    rest: int | None = None
    batch: int | None = None


def thread_pools(server: Server) -> ThreadPools:
    """Returns the user's numbers; else those that follow from the CPU request, unless extraArgs set them."""
    chosen, cpus = server.parallelism or Parallelism(), cpu_request(server.resources)
    computing = None if is_given(_POOLS, server.extra_args) else cpus
    answering = None if is_given(_REST, server.extra_args) else _rest_threads(cpus, server.batching)
    return ThreadPools(
        intra_op=chosen.intra_op or computing,
        inter_op=chosen.inter_op or computing,
        rest=chosen.rest_threads or answering,
        batch=(server.batching.num_batch_threads or cpus) if server.batching else None,
    )


def cpu_request(resources: ResourceRequirements | None) -> int | None:
    """Whole CPUs, rounded up. As in Kubernetes, a limit without a request is the request."""
    if resources is None:
        return None
    asked = (resources.requests or {}).get("cpu", (resources.limits or {}).get("cpu", 0))
    return math.ceil(quantity(asked)) or None


def _rest_threads(cpus: int | None, batching: Batching | None) -> int | None:
    """More than the server's own would be for so few CPUs, and only then. Requests wait in a batch each on a thread of
    its own, and while one batch runs the next one fills (batching/README.md)."""
    if cpus is None:
        return None
    filling = 2 * batching.max_batch_size + 1 if batching and batching.max_batch_size else 0
    threads = min(max(LEAST_REST_THREADS, filling), MOST_REST_THREADS)
    return threads if REST_THREADS_PER_CPU * cpus < threads else None

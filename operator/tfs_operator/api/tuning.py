"""What makes the model server faster or steadier: each field stands for flags, or for a file that a flag names.

Sources: tensorflow_serving/model_servers/main.cc, servables/tensorflow/session_bundle_config.proto.
"""

from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field
from pydantic.alias_generators import to_snake

from tfs_operator.api.base import ATOMIC_LIST, ApiModel
from tfs_operator.api.rules import Rule, found, ruled

INT32 = {"format": "int32"}
MAX_BATCH_SIZE = 65_536
SERVERS_MAX_BATCH_SIZE = 1000
"""Of the server itself (SharedBatchScheduler::QueueOptions.input_batch_size_limit)."""

Threads = Annotated[int, Field(ge=1, le=1024, json_schema_extra=INT32)]
BatchSize = Annotated[int, Field(ge=1, le=MAX_BATCH_SIZE, json_schema_extra=INT32)]

AllowedBatchSizes = Annotated[
    list[int],
    Field(min_length=1, max_length=64, json_schema_extra=ATOMIC_LIST),
    *ruled(
        Rule(
            "self[0] >= 1 && self.isSorted() && self.all(each, self.exists_one(other, other == each))",
            lambda sizes: all(smaller < larger for smaller, larger in pairwise([0, *sizes])),
            "the sizes must rise, the first from 1 on, for example [1, 4, 16]",
        ),
    ),
]


def _ends_with_the_largest(batching: Any) -> bool:
    if batching.allowed_batch_sizes is None:
        return True
    return bool(batching.allowed_batch_sizes[-1] == (batching.max_batch_size or SERVERS_MAX_BATCH_SIZE))


class Batching(ApiModel):
    """Requests that arrive together are run as one batch: `--enable_batching` and BatchingParameters. A request counts
    as many examples as the first dimension of its inputs. See docs/tuning.md before turning it on."""

    max_batch_size: BatchSize | None = None
    """Most examples in one batch. A request with more of them is refused with INVALID_ARGUMENT, so it bounds a
    request, too. Default: the server's, 1000."""

    batch_timeout_micros: Annotated[int, Field(ge=0, le=60_000_000, json_schema_extra=INT32)] | None = None
    """How long the first request of a batch waits for others, in microseconds, unless the batch is full before. A
    request alone waits all that time. Default: the server's, 0."""

    max_enqueued_batches: Annotated[int, Field(ge=1, le=100_000, json_schema_extra=INT32)] | None = None
    """Batches that may wait for a thread. When there are more the server answers UNAVAILABLE, by REST 503. Default:
    the server's, 10."""

    num_batch_threads: Threads | None = None
    """Batches that run at the same time, of all models together. Default: the CPU request, rounded up; without one the
    server's, the node's CPUs."""

    allowed_batch_sizes: AllowedBatchSizes | None = None
    """Batches are filled up to the next of these sizes, with copies of an example in them, so that a GPU or a compiled
    model sees few shapes. They rise, and the last one is maxBatchSize."""

    pad_variable_length_inputs: bool | None = None
    """Pads inputs that differ in another dimension than the first with their own first value, so that they fit into
    one batch. Without it such a batch fails with FAILED_PRECONDITION. Default: the server's, false."""

    rules = (
        Rule(
            "!has(self.allowedBatchSizes) || self.allowedBatchSizes[size(self.allowedBatchSizes) - 1] == "
            f"(has(self.maxBatchSize) ? self.maxBatchSize : {SERVERS_MAX_BATCH_SIZE})",
            _ends_with_the_largest,
            "the last of allowedBatchSizes must be maxBatchSize, which is "
            f"{SERVERS_MAX_BATCH_SIZE} unless set: the server loads no model otherwise",
        ),
    )


class Warmup(ApiModel):
    """Requests in a version's `assets.extra/tf_serving_warmup_requests` are run before the version is AVAILABLE. They
    count towards `rollout.loadTimeoutSeconds`; one that fails is a version that does not load."""

    enabled: bool = True
    """Whether the requests are run, where a version has any."""

    iterations: Annotated[int, Field(ge=1, le=1000, json_schema_extra=INT32)] | None = None
    """How often each is run. Default: the server's, once."""

    rules = (
        Rule(
            "self.enabled || !has(self.iterations)",
            lambda warmup: warmup.enabled or warmup.iterations is None,
            "iterations has no effect when enabled is false",
        ),
    )


class Parallelism(ApiModel):
    """Threads of the model server. What is left out follows the CPU request, and for gRPC the batches as well: the
    server itself would count the CPUs of the node, whatever the container may use of them."""

    intra_op: Threads | None = None
    """Threads within one operation of a graph, for all models together. Default: the CPU request, rounded up."""

    inter_op: Threads | None = None
    """Operations of graphs that run at the same time, for all models together. Default: the CPU request, rounded up."""

    rest_threads: Annotated[int, Field(ge=2, le=1024, json_schema_extra=INT32)] | None = None
    """Threads for REST, each with one request until it is answered; one of them accepts connections, so at least two
    are needed. Default: with a CPU request below 8, 32, and with batching.maxBatchSize enough to fill two
    batches, up to 512; else the server's, 4 for each CPU of the node."""

    grpc_threads: Annotated[int, Field(ge=3, le=1024, json_schema_extra=INT32)] | None = None
    """Most threads for gRPC (`--grpc_max_threads`), each with one call until it is answered, also while the call waits
    in a batch. The server refuses further calls with RESOURCE_EXHAUSTED, reloads by the operator among them; two
    threads are gRPC's own. Threads are made as calls need them, each takes about 80 KiB. Default: 256, more with a CPU
    request above 64 (4 for each) or with a batching.maxBatchSize above 96 (two batches and 64), up to 1024."""


class Grpc(ApiModel):
    """Connections of gRPC clients."""

    max_connection_age_seconds: Annotated[int, Field(ge=1, le=86_400, json_schema_extra=INT32)] | None = None
    """After this time, give or take a tenth, the server asks a client to open a new connection, which may lead to
    another pod; calls under way are answered first (grpc.max_connection_age_ms). Default: half of
    `rollout.drainSeconds`, so that no connection is left when a pod that drains is killed; choose more only
    if clients retry calls that failed with UNAVAILABLE."""

    max_connection_age_grace_seconds: Annotated[int, Field(ge=1, le=86_400, json_schema_extra=INT32)] | None = None
    """How long calls under way may take after that, before the connection is cut
    (grpc.max_connection_age_grace_ms). Default: without limit."""


GpuMemoryFraction = Annotated[float, Field(ge=0.01, le=1)]

TYPED_FLAGS = {
    "batching": ("enable_batching",),
    "warmup": ("enable_model_warmup", "num_request_iterations_for_warmup"),
    "parallelism": (
        "tensorflow_session_parallelism",
        "tensorflow_intra_op_parallelism",
        "tensorflow_inter_op_parallelism",
        "rest_api_num_threads",
        "grpc_max_threads",
    ),
    "gpuMemoryFraction": ("per_process_gpu_memory_fraction",),
    "grpc": ("grpc_channel_arguments",),
}
"""Field of `spec.server` → flags that are its own once it is set. Without the field they may stand in extraArgs."""

BATCHING_FILE_FLAGS = ("batching_parameters_file", "enable_per_model_batching_parameters", "platform_config_file")
"""Flags by which the server would take batching parameters from a file that the operator cannot check: of the image, or
of a version's folder. A `max_batch_size` of 0 or a negative `batch_timeout_micros` ends it by SIGSEGV at each load."""


def flag_pattern(flags: tuple[str, ...]) -> str:
    """Returns the RE2 pattern of an argument that is one of `flags`, with a value or without."""
    return f"^--({'|'.join(flags)})(=|$)"


def is_given(flags: tuple[str, ...], extra_args: list[str] | None) -> bool:
    """Whether one of `flags` is among the user's own."""
    return any(found(flag_pattern(flags), argument) for argument in extra_args or [])


NO_BATCHING_FILE = Rule(
    f"!self.exists(flag, flag.matches(r'{flag_pattern(BATCHING_FILE_FLAGS)}'))",
    lambda extra_args: not is_given(BATCHING_FILE_FLAGS, extra_args),
    "use server.batching, whose numbers are checked: a wrong one in a file ends the server at each load, so these "
    "flags are refused: " + ", ".join(BATCHING_FILE_FLAGS),
)


def _said_once(field: str, flags: tuple[str, ...]) -> Rule:
    def check(server: Any) -> bool:
        return getattr(server, to_snake(field)) is None or not is_given(flags, server.extra_args)

    return Rule(
        f"!has(self.{field}) || !has(self.extraArgs) || "
        f"!self.extraArgs.exists(flag, flag.matches(r'{flag_pattern(flags)}'))",
        check,
        f"{field} stands for these flags, take them out of extraArgs: " + ", ".join(f"--{flag}" for flag in flags),
    )


SAID_ONCE = tuple(_said_once(field, flags) for field, flags in TYPED_FLAGS.items())
"""Rules of `spec.server`: no flag by a field and in extraArgs, since the server would take the last, silently."""

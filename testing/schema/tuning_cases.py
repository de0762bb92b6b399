"""The rows of `schema_cases` for what tunes the server."""

from typing import Any

Manifest = dict[str, Any]
Pair = tuple[Any, Any]
Rows = dict[str, dict[str, Pair | list[Pair]]]

MODEL: Manifest = {"modelUri": "file:///m"}

GPUS_FOR_THEIR_MEMORY = "server.gpuMemoryFraction needs gpus above 0"
SIZES_RISE = "the sizes must rise, the first from 1 on, for example [1, 4, 16]"
LAST_SIZE = (
    "the last of allowedBatchSizes must be maxBatchSize, which is 1000 unless set: the server loads no model otherwise"
)
NO_LIMIT = "recycle.memoryPercent is a part of resources.limits.memory, which is not set"
NO_BOUND = "set memoryPercent, swaps, or both"
_MEMORY: dict[str, Any] = {"resources": {"limits": {"memory": "1Gi"}}}
NO_WARMUP = "iterations has no effect when enabled is false"


def said_once(field: str, *flags: str) -> str:
    return f"{field} stands for these flags, take them out of extraArgs: " + ", ".join(f"--{flag}" for flag in flags)


BATCHING = said_once("batching", "enable_batching")
BATCHING_FILE = (
    "use server.batching, whose numbers are checked: a wrong one in a file ends the server at each load, so these "
    "flags are refused: batching_parameters_file, enable_per_model_batching_parameters, platform_config_file"
)
WARMUP = said_once("warmup", "enable_model_warmup", "num_request_iterations_for_warmup")
PARALLELISM = said_once(
    "parallelism",
    "tensorflow_session_parallelism",
    "tensorflow_intra_op_parallelism",
    "tensorflow_inter_op_parallelism",
    "rest_api_num_threads",
    "grpc_max_threads",
)
FRACTION = said_once("gpuMemoryFraction", "per_process_gpu_memory_fraction")
GRPC = said_once("grpc", "grpc_channel_arguments")


def _both(field: str, value: Any, *flags: str) -> list[Pair]:
    """The field, and the flag that it stands for: each by itself, and refused together."""
    return [
        pair
        for flag in flags
        for pair in (
            ({field: value, "extraArgs": ["--enable_profiler=false"]}, {field: value, "extraArgs": [flag]}),
            ({"extraArgs": [flag]}, {field: value, "extraArgs": ["--enable_profiler=false", flag]}),
        )
    ]


def _range(least: int, most: int) -> dict[str, Pair | list[Pair]]:
    return {"minimum": (least, least - 1), "maximum": (most, most + 1)}


ROWS: Rows = {
    "spec": {
        GPUS_FOR_THEIR_MEMORY: [
            (
                {**MODEL, "gpus": 1, "server": {"gpuMemoryFraction": 0.5}},
                {**MODEL, "server": {"gpuMemoryFraction": 0.5}},
            ),
            (
                {**MODEL, "gpus": 0, "server": {"image": "a"}},
                {**MODEL, "gpus": 0, "server": {"gpuMemoryFraction": 0.5}},
            ),
        ],
    },
    "spec.server": {
        BATCHING: [
            *_both("batching", {}, "--enable_batching", "--enable_batching=false"),
        ],
        WARMUP: _both("warmup", {}, "--enable_model_warmup=false", "--num_request_iterations_for_warmup=2"),
        PARALLELISM: _both(
            "parallelism",
            {"intraOp": 2},
            "--tensorflow_session_parallelism=2",
            "--tensorflow_intra_op_parallelism=2",
            "--tensorflow_inter_op_parallelism=2",
            "--rest_api_num_threads=2",
            "--grpc_max_threads=9",
        ),
        FRACTION: _both("gpuMemoryFraction", 1, "--per_process_gpu_memory_fraction=0.5"),
        GRPC: _both("grpc", {"maxConnectionAgeSeconds": 9}, "--grpc_channel_arguments=grpc.max_connection_age_ms=9000"),
        NO_LIMIT: [
            ({**_MEMORY, "recycle": {"memoryPercent": 80}}, {"recycle": {"memoryPercent": 80}}),
            (
                {"resources": {"requests": {"memory": "1Gi"}}, "recycle": {"swaps": 9}},
                {"resources": {"requests": {"memory": "1Gi"}}, "recycle": {"memoryPercent": 80}},
            ),
            ({"recycle": {"swaps": 9}}, {"resources": {"limits": {"cpu": 1}}, "recycle": {"memoryPercent": 80}}),
        ],
    },
    "spec.server.recycle": {NO_BOUND: [({"swaps": 1}, {}), ({"swaps": 9, "memoryPercent": 80}, {})]},
    "spec.server.recycle.swaps": _range(1, 100_000),
    "spec.server.recycle.memoryPercent": _range(20, 100),
    "spec.server.batching": {
        LAST_SIZE: [
            ({"maxBatchSize": 8, "allowedBatchSizes": [2, 8]}, {"maxBatchSize": 8, "allowedBatchSizes": [2, 4]}),
            ({"allowedBatchSizes": [2, 1000]}, {"allowedBatchSizes": [2, 8]}),
            ({"maxBatchSize": 8}, {"maxBatchSize": 8, "allowedBatchSizes": [8, 16]}),
        ],
    },
    "spec.server.batching.maxBatchSize": _range(1, 65_536),
    "spec.server.batching.batchTimeoutMicros": _range(0, 60_000_000),
    "spec.server.batching.maxEnqueuedBatches": _range(1, 100_000),
    "spec.server.batching.numBatchThreads": _range(1, 1024),
    "spec.server.batching.allowedBatchSizes": {
        "minItems": ([1000], []),
        "maxItems": (list(range(937, 1001)), list(range(936, 1001))),
        SIZES_RISE: [
            ([1, 1000], [1000, 1]),
            ([1, 999, 1000], [1, 1, 1000]),
            ([1000], [0, 1000]),
            ([4, 1000], [-4, 1000]),
        ],
    },
    "spec.server.warmup": {
        NO_WARMUP: [
            ({"enabled": True, "iterations": 2}, {"enabled": False, "iterations": 2}),
            ({"iterations": 2}, {"enabled": False, "iterations": 1}),
            ({"enabled": False}, None),
        ],
    },
    "spec.server.warmup.iterations": _range(1, 1000),
    "spec.server.parallelism.intraOp": _range(1, 1024),
    "spec.server.parallelism.interOp": _range(1, 1024),
    "spec.server.parallelism.restThreads": _range(2, 1024),
    "spec.server.parallelism.grpcThreads": _range(3, 1024),
    "spec.server.gpuMemoryFraction": {"minimum": [(0.01, 0.0), (0.5, -0.5)], "maximum": [(1, 1.01), (1.0, 2)]},
    "spec.server.grpc.maxConnectionAgeSeconds": _range(1, 86_400),
    "spec.server.grpc.maxConnectionAgeGraceSeconds": _range(1, 86_400),
}

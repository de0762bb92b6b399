"""The model server's container: image, resources, environment, flags."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from tfs_operator.api.base import ATOMIC_LIST, ApiModel, map_list
from tfs_operator.api.env_source import EnvVarSource
from tfs_operator.api.quantity import Quantity
from tfs_operator.api.recycle import NEEDS_A_LIMIT, Recycle
from tfs_operator.api.rules import Rule, found, lacks, ruled
from tfs_operator.api.tls import Tls
from tfs_operator.api.tuning import (
    NO_BATCHING_FILE,
    SAID_ONCE,
    Batching,
    GpuMemoryFraction,
    Grpc,
    Parallelism,
    Warmup,
    flag_pattern,
    is_given,
)
from tfs_operator.api.versions import distinct

MANAGED_FLAGS = (
    "port",
    "rest_api_port",
    "model_name",
    "model_base_path",
    "model_config_file",
    "model_config_file_poll_wait_seconds",
    "file_system_poll_wait_seconds",
    "allow_version_labels_for_unavailable_models",
    "monitoring_config_file",
    "max_num_load_retries",
    "load_retry_interval_micros",
    "num_load_threads",
    "ssl_config_file",
)
"""Flags on which the operator's own work rests, so that a user's value would break it."""

_FLAG = "^--[a-z][a-z0-9_]*(=[^\\x00-\\x1f\\x7f]*)?$"


def _all_match(items: list[str]) -> bool:
    return all(found(_FLAG, item) for item in items)


def _none_managed(items: list[str]) -> bool:
    return not is_given(MANAGED_FLAGS, items)


ExtraArgs = Annotated[
    list[Annotated[str, Field(min_length=3, max_length=1024)]],
    Field(max_length=64, json_schema_extra=ATOMIC_LIST),
    *ruled(
        Rule(
            f"self.all(flag, flag.matches(r'{_FLAG}'))",
            _all_match,
            "each item is one flag, --name or --name=value, for example --enable_profiler=false",
        ),
        Rule(
            f"!self.exists(flag, flag.matches(r'{flag_pattern(MANAGED_FLAGS)}'))",
            _none_managed,
            "the operator sets these flags itself: " + ", ".join(MANAGED_FLAGS),
        ),
        NO_BATCHING_FILE,
    ),
]

ResourceList = Annotated[dict[str, Quantity], Field(max_length=32)]


class ResourceRequirements(ApiModel):
    """As `resources` of a container. GPUs are requested by `spec.gpus`, not here."""

    requests: ResourceList | None = None
    """What the scheduler keeps free for each replica, for example `{cpu: "2", memory: 4Gi}`."""

    limits: ResourceList | None = None
    """The most that each replica may use. Two versions of a model are in memory during a rollout."""

    rules = (
        Rule(
            "!(has(self.requests) && 'nvidia.com/gpu' in self.requests)"
            " && !(has(self.limits) && 'nvidia.com/gpu' in self.limits)",
            lambda resources: "nvidia.com/gpu" not in {**(resources.requests or {}), **(resources.limits or {})},
            "ask for GPUs by spec.gpus, which also picks the GPU image and the toleration",
        ),
    )


_NO_NUL = lacks("\\x00", "must not have a NUL character, which ends a variable")


class EnvVar(ApiModel):
    """As an item of a container's `env`."""

    name: Annotated[str, Field(min_length=1, max_length=255, pattern="^[A-Za-z_][A-Za-z0-9_.-]*$")]
    """Name of the environment variable."""

    value: Annotated[str, Field(max_length=32768), *ruled(_NO_NUL)] | None = None
    """Its value, where `$(NAME)` stands for a variable before it. Exclusive with `valueFrom`."""

    value_from: EnvVarSource | None = None
    """Its source, as `valueFrom` of a container's `env`: `secretKeyRef`, `configMapKeyRef`, `fieldRef` or
    `resourceFieldRef`."""

    rules = (
        Rule(
            "!(has(self.value) && has(self.valueFrom))",
            lambda variable: variable.value is None or variable.value_from is None,
            "value and valueFrom exclude each other",
        ),
    )


class ImagePullSecret(ApiModel):
    """A Secret of type kubernetes.io/dockerconfigjson in the TFModel's namespace."""

    name: Annotated[str, Field(min_length=1, max_length=253)]
    """Name of the Secret."""


def distinct_names(items: list[Any]) -> list[Any]:
    """The Python half of a map list by `name`."""
    distinct([item.name for item in items])
    return items


class Server(ApiModel):
    """How the model server runs in each replica."""

    image: Annotated[str, Field(min_length=1, max_length=1024, pattern="^[!-~]+$")] | None = None
    """Image of TensorFlow Serving. Default: what the operator was started with, the GPU image when `gpus` is
    above 0. It must have `tensorflow_model_server` on its PATH; a model baked into it is named by a
    `file:///path` URI. A change is rolled out pod by pod."""

    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """When the image is pulled. Default: Kubernetes' own (Always for `:latest`, else IfNotPresent)."""

    image_pull_secrets: (
        Annotated[
            list[ImagePullSecret],
            Field(max_length=16, json_schema_extra=map_list("name")),
            AfterValidator(distinct_names),
        ]
        | None
    ) = None
    """Secrets for pulling the image, in the TFModel's namespace."""

    resources: ResourceRequirements | None = None
    """CPU and memory of each replica."""

    env: (
        Annotated[
            list[EnvVar],
            Field(max_length=64, json_schema_extra=map_list("name")),
            AfterValidator(distinct_names),
        ]
        | None
    ) = None
    """Environment variables of the model server. With `gpus` and without `gpuMemoryFraction` it gets
    `TF_FORCE_GPU_ALLOW_GROWTH=true`, unless that is named here."""

    batching: Batching | None = None
    """Runs requests that arrive together as one batch; `{}` takes the server's defaults. Off unless set. A change is
    rolled out pod by pod, as of every field below."""

    warmup: Warmup | None = None
    """Requests that are run on a version before it is served. Default: the server's, each once."""

    parallelism: Parallelism | None = None
    """Threads of the model server. Default: from the CPU request in `resources`; without one, the server's own, but
    for gRPC's, which are 256 or more."""

    gpu_memory_fraction: GpuMemoryFraction | None = None
    """Part of each GPU's memory that a replica takes, all at its start, from 0.01 to 1: for replicas that share a GPU.
    Default: TensorFlow takes memory as it needs it. Only with `gpus`."""

    grpc: Grpc | None = None
    """Connections of gRPC clients."""

    recycle: Recycle | None = None
    """Replaces pods whose model server has grown. Default: never."""

    extra_args: ExtraArgs | None = None
    """Further flags of `tensorflow_model_server`, one `--name=value` each; see `tensorflow_model_server --help`.
    The server ignores an unknown flag. Flags that the operator itself sets are refused, and so are flags of a field
    above that is set, and those that name a file of batching parameters. `$(NAME)` stands for the variable NAME of
    `env`, as in a container's `args`; `$$(NAME)` is that text itself."""

    tls: Tls | None = None
    """gRPC over TLS. Default: without."""

    rules = (*SAID_ONCE, NEEDS_A_LIMIT)

"""The TFModel's spec: what a user writes."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from tfs_operator.api.autoscaling import CPU_REQUEST_RULE, Autoscaling
from tfs_operator.api.base import DEFAULTED, map_list
from tfs_operator.api.network_policy import NetworkPolicy
from tfs_operator.api.placement import PodTemplate, Rollout, Service
from tfs_operator.api.rules import Rule
from tfs_operator.api.schemes import enumerated, fetched
from tfs_operator.api.server import Server
from tfs_operator.api.storage import Storage
from tfs_operator.api.versions import SELECTION_RULES, ModelUri, VersionSelection, distinct

_FETCHED = enumerated((f"`{scheme.uri}`" for scheme in fetched()), "and")
ModelName = Annotated[str, Field(min_length=1, max_length=63, pattern="^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$")]


_MODEL_URI = f"""Base path of the model: a folder that holds one folder per version, named by its number.
`pvc://CLAIM/path` is a path in a PersistentVolumeClaim of this namespace, mounted read-only.
`file:///path` is a path inside the server's image. {_FETCHED} are fetched, see `storage`. `hostpath:///path` is a path
on the node, for local clusters, and refused unless the operator was started with --allow-hostpath. The model's name is
the TFModel's. Set exactly one of `modelUri` and `models`."""


class NamedModel(VersionSelection):
    """One of several models in one server."""

    name: ModelName
    """Name by which clients ask for the model: `/v1/models/NAME`."""

    model_uri: ModelUri
    """Base path of the model: where its version folders (`1`, `2`, …) lie. See `spec.modelUri`."""

    rules = SELECTION_RULES


def _distinct_model_names(models: list[NamedModel]) -> list[NamedModel]:
    distinct([model.name for model in models])
    return models


def _one_kind_of_models(spec: Any) -> bool:
    return (spec.model_uri is None) != (spec.models is None)


def _selection_is_with_its_model(spec: Any) -> bool:
    top_level = (spec.versions, spec.version_policy, spec.version_labels)
    return spec.models is None or all(field is None for field in top_level)


def _gpus_for_their_memory(spec: Any) -> bool:
    return bool(spec.gpus > 0 or spec.server.gpu_memory_fraction is None)


class TFModelSpec(VersionSelection):
    """One model, or several models in one server, served by TensorFlow Serving in a number of replicas."""

    model_uri: ModelUri | None = Field(default=None, description=_MODEL_URI)

    models: (
        Annotated[
            list[NamedModel],
            Field(min_length=1, max_length=32, json_schema_extra=map_list("name")),
            AfterValidator(_distinct_model_names),
        ]
        | None
    ) = None
    """Several models in one server, each with its own base path, versions and labels. Set exactly one of
    `modelUri` and `models`. Adding or removing a model replaces the pods, one by one."""

    replicas: Annotated[int, Field(ge=0, le=1000, json_schema_extra={"format": "int32"})] = 1
    """Number of pods. `kubectl scale tfmodel NAME --replicas=N` sets it too. Ignored with `autoscaling`."""

    autoscaling: Autoscaling | None = None
    """Scales the number of pods with the load."""

    gpus: Annotated[int, Field(ge=0, le=64, json_schema_extra={"format": "int32"})] = 0
    """GPUs for each replica, as nvidia.com/gpu. Above 0 the GPU image is used, nodes tainted with
    nvidia.com/gpu are tolerated, and TensorFlow takes GPU memory as it needs it, or server.gpuMemoryFraction of it."""

    storage: Storage = Field(default_factory=Storage, json_schema_extra=DEFAULTED)
    """How models are fetched from a store."""

    server: Server = Field(default_factory=Server)
    """How the model server runs in each replica."""

    rollout: Rollout = Field(default_factory=Rollout, json_schema_extra=DEFAULTED)
    """How changes are made: time limits, and what a new version has to show."""

    pod_template: PodTemplate = Field(default_factory=PodTemplate)
    """Additions to the pods that run the model server."""

    service: Service = Field(
        default_factory=Service,
        # The API server checks a default against its rules before it fills in the defaults within.
        json_schema_extra={"default": Service().model_dump(exclude_none=True)},
    )
    """The Service in front of all replicas."""

    network_policy: NetworkPolicy = Field(default_factory=NetworkPolicy, json_schema_extra=DEFAULTED)
    """Who may open connections to the pods."""

    suspend: bool = False
    """Stops the operator from acting on this TFModel: pods keep running unchanged, and edits take effect once it is
    false again. Ready becomes False with reason Suspended."""

    rules = (
        Rule(
            "has(self.modelUri) != has(self.models)",
            _one_kind_of_models,
            "set exactly one of modelUri (one model) and models (several models in one server)",
        ),
        Rule(
            "!has(self.models) || (!has(self.versions) && !has(self.versionPolicy) && !has(self.versionLabels))",
            _selection_is_with_its_model,
            "with models, versions, versionPolicy and versionLabels belong to each item of models",
        ),
        Rule(
            "self.gpus > 0 || !has(self.server) || !has(self.server.gpuMemoryFraction)",
            _gpus_for_their_memory,
            "server.gpuMemoryFraction needs gpus above 0",
        ),
        *SELECTION_RULES,
        CPU_REQUEST_RULE,
    )

    @property
    def most_replicas(self) -> int:
        """Returns the highest number of replicas that the spec allows."""
        return self.autoscaling.max_replicas if self.autoscaling else self.replicas

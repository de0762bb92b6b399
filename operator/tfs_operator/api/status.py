"""The TFModel's status: what the operator has observed, pod by pod, and not what the spec wishes.

Lists and maps that may become empty are atomic: server-side apply makes `null` of one whose last item it takes out,
and the schema refuses that.
"""

from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from tfs_operator.api.base import ATOMIC_LIST, ATOMIC_MAP, MAX_INT32, ApiModel, map_list
from tfs_operator.api.versions import VersionNumber

MAX_LISTED_VERSIONS = 256
"""Of each model; of more the newest are listed. An object in etcd has at most 1.5 MiB."""
MAX_SUMMARY_LENGTH = 4096

Count = Annotated[int, Field(ge=0, le=MAX_INT32, json_schema_extra={"format": "int32"})]

Bytes = Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})]


class Condition(ApiModel):
    """A condition, as in the Kubernetes API conventions (metav1.Condition)."""

    type: Annotated[str, Field(min_length=1, max_length=316)]
    """Ready, ModelsFetched, VersionsAvailable, LabelsApplied, Progressing or ScalingActive."""

    status: Literal["True", "False", "Unknown"]
    """True, False or Unknown."""

    reason: Annotated[str, Field(min_length=1, max_length=1024)]
    """One documented word for why."""

    message: Annotated[str, Field(max_length=32768)] = ""
    """The same for people: what is wrong, where, and what to do."""

    observed_generation: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Generation of the spec that this condition speaks of."""

    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When `status` last changed."""


class VersionStatus(ApiModel):
    """One version of a model, over all ready pods."""

    version: VersionNumber
    """Number of the version."""

    state: Literal["UNKNOWN", "START", "LOADING", "AVAILABLE", "UNLOADING", "END"]
    """Where the version stands on the pod that is the furthest behind, in TensorFlow Serving's words."""

    available_replicas: Count = 0
    """Number of ready pods that answer requests for this version."""

    labels: Annotated[list[str], Field(max_length=32, json_schema_extra=ATOMIC_LIST)] = Field(default_factory=list)
    """Labels that every ready pod answers with this version."""

    message: Annotated[str, Field(max_length=2048)] = ""
    """The model server's own words when the version failed, and the pod they come from."""


Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class FailedVersion(ApiModel):
    """A version that was given up."""

    version: VersionNumber
    """Number of the version."""

    message: Annotated[str, Field(max_length=2048)] = ""
    """Why, in the model server's own words, and on which pod."""

    at: Time
    """When it was given up last."""

    attempts: Count = 1
    """How often it was given up. It is tried again with back-off: after a minute, then two, at last every hour."""


class AwaitedVersion(ApiModel):
    """A version that some pod has or loads, and that not every pod has."""

    version: VersionNumber
    """Number of the version."""

    since: Time
    """When it was first seen so."""


class Reported(ApiModel):
    """What events have told of, so that each is told once."""

    labels: Annotated[dict[str, VersionNumber], Field(max_length=32, json_schema_extra=ATOMIC_MAP)] = Field(
        default_factory=dict
    )
    """Version by label."""

    versions: Annotated[list[VersionNumber], Field(max_length=MAX_LISTED_VERSIONS, json_schema_extra=ATOMIC_LIST)] = (
        Field(default_factory=list)
    )
    """Versions that were AVAILABLE on every ready pod."""


StepName = Literal["Fetch", "Load", "Commit", "Label", "Bake", "Retire", "Withdraw", "Wait", "Done"]
"""The members of `tfs_operator.domain.rollout.Action`."""


class RolloutStatus(ApiModel):
    """How far the model is on its way to the spec. Losing it costs time, never safety."""

    step: StepName
    """Fetch: versions are on their way from the store. Load: versions are being loaded.
    Commit: pods that start will come up with the new state. Label: labels move.
    Bake: what is wanted no more stays for `rollout.bakeSeconds`. Retire: it is unloaded. Withdraw: a version
    cannot be loaded, and what was served goes on. Wait: no pod can be asked. Done: nothing is left to do."""

    message: Annotated[str, Field(max_length=4096)] = ""
    """What the step waits for, or why it is taken."""

    since: Time
    """When this step began."""

    began: Time
    """When the operator first saw this spec."""

    spec_hash: Annotated[str, Field(max_length=64)] = Field(
        default="", validation_alias=AliasChoices("specHash", "wish"), serialization_alias="specHash"
    )  # 0.1.0 and 0.2.0 wrote `wish`
    """Hash of this model's spec; a change resets all back-offs."""

    proven: bool = True
    """False while no pod has come up with the committed configuration."""

    follows: bool = False
    """True while the pods follow `latest` and find versions by themselves."""

    failures: Annotated[list[FailedVersion], Field(max_length=64, json_schema_extra=ATOMIC_LIST)] = Field(
        default_factory=list
    )
    """Versions that were given up."""

    awaited: Annotated[list[AwaitedVersion], Field(max_length=64, json_schema_extra=ATOMIC_LIST)] = Field(
        default_factory=list
    )
    """Versions that not every pod has yet."""

    reported: Reported = Field(default_factory=Reported)
    """What events have told of."""


class FetchStatus(ApiModel):
    """A version that some pod does not hold yet."""

    version: VersionNumber
    """Number of the version."""

    state: Literal["Waiting", "Fetching", "Failed"]
    """How it is with the pod that is the furthest behind. A failed version is tried again, with back-off."""

    pod: Annotated[str, Field(max_length=253)] = ""
    """That pod."""

    bytes: Bytes = 0
    """What has arrived there, in bytes."""

    total_bytes: Bytes = 0
    """Size of the version, in bytes; 0 while it is not known."""

    bytes_per_second: Bytes = 0
    """How fast it arrives."""

    message: Annotated[str, Field(max_length=2048)] = ""
    """Why it is not there, in the store's own words."""


class ModelStatus(ApiModel):
    """One model, as all ready pods answer for it."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    """Name of the model."""

    labels: Annotated[dict[str, VersionNumber], Field(max_length=32, json_schema_extra=ATOMIC_MAP)] = Field(
        default_factory=dict
    )
    """Version by label, where every ready pod gives the same answer."""

    versions: Annotated[list[VersionStatus], Field(max_length=MAX_LISTED_VERSIONS, json_schema_extra=ATOMIC_LIST)] = (
        Field(default_factory=list)
    )
    """Versions that are wanted, loaded or failed, in ascending order; of very many the newest 256."""

    fetching: Annotated[list[FetchStatus], Field(max_length=64, json_schema_extra=ATOMIC_LIST)] = Field(
        default_factory=list
    )
    """Versions that some pod does not hold yet, of a model that comes from a store. How far they are is written every
    ten seconds."""

    rollout: RolloutStatus | None = None
    """How far the model is on its way to the spec."""


class Endpoints(ApiModel):
    """Where clients inside the cluster find the model."""

    rest: str = ""
    """REST: append `/v1/models/NAME:predict`."""

    grpc: str = ""
    """gRPC: tensorflow.serving.PredictionService."""


class TFModelStatus(ApiModel):
    """What is observed of the TFModel."""

    observed_generation: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Generation of the spec that this status speaks of."""

    conditions: Annotated[list[Condition], Field(max_length=16, json_schema_extra=map_list("type"))] = Field(
        default_factory=list
    )
    """Ready, ModelsFetched, VersionsAvailable, LabelsApplied, Progressing; ScalingActive with autoscaling. Wait with
    `kubectl wait --for=condition=Ready tfmodel/NAME`."""

    replicas: Count = 0
    """Number of pods that exist."""

    ready_replicas: Count = 0
    """Number of pods that answer requests."""

    selector: Annotated[str, Field(max_length=1024)] = ""
    """Label selector of the pods, for the scale subresource and autoscalers."""

    endpoints: Endpoints | None = None
    """Where clients inside the cluster find the model."""

    available_versions: Annotated[str, Field(max_length=MAX_SUMMARY_LENGTH)] = ""
    """Versions that are AVAILABLE on every ready pod, in one line: `1,2`, or `cats:1 dogs:1,2`."""

    models: Annotated[list[ModelStatus], Field(max_length=32, json_schema_extra=ATOMIC_LIST)] = Field(
        default_factory=list
    )
    """Per model the versions and labels, as the pods answer."""

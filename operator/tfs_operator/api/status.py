"""The TFModel's status: what the operator has observed, pod by pod, whatever the spec asks for.

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
    """Ready, ModelsFetched, VersionsAvailable, LabelsApplied, Progressing, ScalingActive or MemoryBounded."""

    status: Literal["True", "False", "Unknown"]
    """True, False or Unknown."""

    reason: Annotated[str, Field(min_length=1, max_length=1024)]
    """Reason for `status`: one documented word."""

    message: Annotated[str, Field(max_length=32768)] = ""
    """What is wrong, where, and what to do."""

    observed_generation: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Generation of the spec for which this condition was computed."""

    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When `status` last changed."""


class Verified(ApiModel):
    """What came of asking a version for predictions, see `rollout.verify`."""

    outcome: Literal["Good", "Bad", "Unproven"]
    """Good: it has predicted. Bad: it cannot, or not as it has to. Unproven: neither is known; it is served."""

    message: Annotated[str, Field(max_length=2048)] = ""
    """Why it is not Good, with the model server's words."""


class VersionStatus(ApiModel):
    """One version of a model, over all ready pods."""

    version: VersionNumber
    """Number of the version."""

    state: Literal["UNKNOWN", "START", "LOADING", "AVAILABLE", "UNLOADING", "END"]
    """State on the pod that is the furthest behind, as TensorFlow Serving names it."""

    available_replicas: Count = 0
    """Number of ready pods that answer requests for this version."""

    labels: Annotated[list[str], Field(max_length=32, json_schema_extra=ATOMIC_LIST)] = Field(default_factory=list)
    """Labels that every ready pod answers with this version."""

    message: Annotated[str, Field(max_length=2048)] = ""
    """Error that the model server reports for a version that failed, and its pod."""

    verified: Verified | None = None
    """Whether the version has shown, on one pod, that it can predict. Absent while it was not asked."""


Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class FailedVersion(ApiModel):
    """A version that was given up."""

    version: VersionNumber
    """Number of the version."""

    message: Annotated[str, Field(max_length=2048)] = ""
    """Error that the model server reports, and its pod."""

    at: Time
    """When it was last given up."""

    attempts: Count = 1
    """How often it was given up. It is tried again after a minute, then after two, four, … up to an hour; ten times
    as late where it ended a model server."""

    cause: Literal["Load", "Death", "Answer"] = "Load"
    """Load: it was not loaded, or not in time. Death: a model server ended while it loaded the version.
    Answer: it was loaded, and cannot predict."""

    content: Annotated[str, Field(max_length=64)] = ""
    """Identifies the files that failed, where the pods' agents know them."""

    replaced_at: Time | None = None
    """When the files had been replaced on every pod; the version is tried again from then on."""


class AwaitedVersion(ApiModel):
    """A version that some pod has loaded or is loading, and that is not AVAILABLE on every pod."""

    version: VersionNumber
    """Number of the version."""

    since: Time
    """When it was first seen in this state."""


class VersionTrial(ApiModel):
    """A version that one pod has first."""

    version: VersionNumber
    """Number of the version."""

    pod: Annotated[str, Field(max_length=253)]
    """Name of the pod."""

    since: Time
    """When the trial began."""

    available_at: Time | None = None
    """Since when the version is AVAILABLE there."""


class LoadingPod(ApiModel):
    """A pod whose model server is loading a version that is not committed."""

    version: VersionNumber
    """Number of the version."""

    pod: Annotated[str, Field(max_length=253)]
    """Name of the pod."""

    restarts: Count
    """How often the model server had been restarted when it got the order. A further restart counts against the
    version."""


class Reported(ApiModel):
    """What events have announced, so that each change is announced once."""

    labels: Annotated[dict[str, VersionNumber], Field(max_length=32, json_schema_extra=ATOMIC_MAP)] = Field(
        default_factory=dict
    )
    """Version of each label."""

    versions: Annotated[list[VersionNumber], Field(max_length=MAX_LISTED_VERSIONS, json_schema_extra=ATOMIC_LIST)] = (
        Field(default_factory=list)
    )
    """Versions that were AVAILABLE on every ready pod."""

    missing: Annotated[list[VersionNumber], Field(max_length=64, json_schema_extra=ATOMIC_LIST)] = Field(
        default_factory=list
    )
    """Versions of the spec for which there was no folder."""


StepName = Literal["Fetch", "Try", "Load", "Compare", "Commit", "Label", "Bake", "Retire", "Withdraw", "Wait", "Done"]
"""The members of `tfs_operator.domain.rollout.Action`."""


class RolloutStatus(ApiModel):
    """Progress of the model towards its spec. Losing it costs time, never safety."""

    step: StepName
    """Fetch: versions are on their way from the store. Try: one pod has a new version first, until it has answered
    there and `rollout.trialSeconds` are over. Load: model servers are loading versions. Compare: a version is asked
    again, since a label is to move to it from a lower one.
    Commit: the configuration of pods that start is updated. Label: labels move to their versions.
    Bake: versions that the spec no longer names stay loaded for `rollout.bakeSeconds`. Retire: they are unloaded.
    Withdraw: a version cannot be loaded and is taken back; the versions and labels served before stay.
    Wait: no pod is ready to be queried. Done: the model serves its spec."""

    message: Annotated[str, Field(max_length=4096)] = ""
    """What the step waits for, or why it was taken."""

    since: Time
    """When this step began."""

    began: Time
    """When the operator first observed this model's spec."""

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

    trial: VersionTrial | None = None
    """The version that is being tried."""

    loading: Annotated[list[LoadingPod], Field(max_length=64, json_schema_extra=ATOMIC_LIST)] = Field(
        default_factory=list
    )
    """Pods that are loading versions which are not committed; at most 64."""

    approved: Annotated[list[VersionNumber], Field(max_length=MAX_LISTED_VERSIONS, json_schema_extra=ATOMIC_LIST)] = (
        Field(default_factory=list)
    )
    """Loaded versions that have passed their trial, or have answered."""

    awaited: Annotated[list[AwaitedVersion], Field(max_length=64, json_schema_extra=ATOMIC_LIST)] = Field(
        default_factory=list
    )
    """Versions that not every pod has yet."""

    reported: Reported = Field(default_factory=Reported)
    """What events have announced."""


class FetchStatus(ApiModel):
    """A version that some pod does not hold yet."""

    version: VersionNumber
    """Number of the version."""

    state: Literal["Waiting", "Fetching", "Failed"]
    """State on the pod that is the furthest behind. A failed version is tried again, with back-off."""

    pod: Annotated[str, Field(max_length=253)] = ""
    """Name of that pod."""

    bytes: Bytes = 0
    """Bytes that have arrived there."""

    total_bytes: Bytes = 0
    """Size of the version, in bytes; 0 while it is not known."""

    bytes_per_second: Bytes = 0
    """Current download rate, in bytes per second."""

    message: Annotated[str, Field(max_length=2048)] = ""
    """Why it has not arrived, as the store reports it."""


class ModelStatus(ApiModel):
    """One model, as all ready pods report it."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    """Name of the model."""

    labels: Annotated[dict[str, VersionNumber], Field(max_length=32, json_schema_extra=ATOMIC_MAP)] = Field(
        default_factory=dict
    )
    """Version of each label on which all ready pods agree."""

    versions: Annotated[list[VersionStatus], Field(max_length=MAX_LISTED_VERSIONS, json_schema_extra=ATOMIC_LIST)] = (
        Field(default_factory=list)
    )
    """Versions that the spec names, and those that are loaded or failed, in ascending order; at most the newest 256."""

    fetching: Annotated[list[FetchStatus], Field(max_length=64, json_schema_extra=ATOMIC_LIST)] = Field(
        default_factory=list
    )
    """Versions that some pod does not hold yet, of a model that comes from a store. Their progress is updated every
    ten seconds."""

    rollout: RolloutStatus | None = None
    """Progress of the model towards its spec."""


class Endpoints(ApiModel):
    """Where clients inside the cluster find the model."""

    rest: str = ""
    """REST: append `/v1/models/NAME:predict`."""

    grpc: str = ""
    """gRPC: tensorflow.serving.PredictionService."""


class AgentStatus(ApiModel):
    """The agent beside each model server: a container of the operator's image."""

    image: Annotated[str, Field(max_length=4096)] = ""
    """Image that the operator has given the pods. An upgrade of the operator brings its own with the next change that
    replaces the pods anyway, or with `kubectl rollout restart`."""

    restarted_at: Annotated[str, Field(max_length=64)] = ""
    """The `kubectl rollout restart` that was seen last."""


class TFModelStatus(ApiModel):
    """Observed state of the TFModel."""

    observed_generation: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Generation of the spec for which this status was computed."""

    conditions: Annotated[list[Condition], Field(max_length=16, json_schema_extra=map_list("type"))] = Field(
        default_factory=list
    )
    """Ready, ModelsFetched, VersionsAvailable, LabelsApplied, Progressing; ScalingActive with autoscaling,
    MemoryBounded with server.recycle. Wait with `kubectl wait --for=condition=Ready tfmodel/NAME`."""

    replicas: Count = 0
    """Number of pods that exist."""

    ready_replicas: Count = 0
    """Number of pods that answer requests."""

    selector: Annotated[str, Field(max_length=1024)] = ""
    """Label selector of the pods, for the scale subresource and autoscalers."""

    endpoints: Endpoints | None = None
    """Where clients inside the cluster find the model."""

    agent: AgentStatus | None = None
    """The agent beside each model server."""

    available_versions: Annotated[str, Field(max_length=MAX_SUMMARY_LENGTH)] = ""
    """Versions that are AVAILABLE on every ready pod, in one line: `1,2`, or `cats:1 dogs:1,2`."""

    models: Annotated[list[ModelStatus], Field(max_length=32, json_schema_extra=ATOMIC_LIST)] = Field(
        default_factory=list
    )
    """Versions and labels of each model, as the ready pods report them."""

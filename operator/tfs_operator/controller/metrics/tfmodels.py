"""Derives the gauges of one TFModel from the same evidence as its status, at the same time."""

from collections import Counter
from collections.abc import Iterator, Mapping

from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.api.resource import TFModel
from tfs_operator.controller.metrics.exposition import Family, Sample
from tfs_operator.domain.evidence import Evidence, Verdict
from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.model_status import agreed_labels, answering, states
from tfs_operator.domain.observation import PodObservation

INFO = Family(
    "tfmodel_info",
    "Image, URI schemes, number of models and GPUs of a TFModel; always 1.",
    ("image", "uri_schemes", "models", "gpus"),
)
CONDITION = Family(
    "tfmodel_status_condition", "1 for the current status of a condition, 0 for the two others.", ("type", "status")
)
REASON = Family("tfmodel_status_reason", "The current reason of a condition; always 1.", ("type", "reason"))
SPEC_REPLICAS = Family("tfmodel_spec_replicas", "Replicas that the spec or the autoscaler asks for.")
REPLICAS = Family("tfmodel_status_replicas", "Pods that exist.")
READY_REPLICAS = Family("tfmodel_status_replicas_ready", "Pods that are ready.")
VERSIONS = Family("tfmodel_version_replicas", "Ready pods with a version in a state.", ("model", "version", "state"))
FAILED = Family(
    "tfmodel_version_failed",
    "An aspired version that is not served, by reason; always 1.",
    ("model", "version", "reason"),
)
SPEC_LABEL = Family("tfmodel_label_spec_version", "Version of a label in the spec.", ("model", "label"))
LABEL = Family(
    "tfmodel_label_version",
    "Version of a label on every ready pod; -1 if the pods differ.",
    ("model", "label"),
)
STEP = Family("tfmodel_rollout_step", "Current step of a model's rollout; always 1.", ("model", "step"))
FETCHES = Family("tfmodel_fetch_versions", "Versions that at least one pod still lacks, by state.", ("model", "state"))
FETCHED_BYTES = Family(
    "tfmodel_fetch_bytes", "Bytes fetched so far, on the pod that is furthest behind.", ("model", "version")
)
TOTAL_BYTES = Family(
    "tfmodel_fetch_total_bytes", "Size of a version that is being fetched; 0 while unknown.", ("model", "version")
)
SWAPS = Family("tfmodel_server_swaps", "Versions that a model server has unloaded since its start.", ("pod",))
MEMORY = Family(
    "tfmodel_server_memory_bytes",
    "Working set of a model server. Only with server.recycle.memoryPercent.",
    ("pod",),
)
MEMORY_LIMIT = Family(
    "tfmodel_server_memory_limit_bytes",
    "Memory limit of a model server. Only with server.recycle.memoryPercent.",
    ("pod",),
)
FAMILIES = (
    *(INFO, CONDITION, REASON, SPEC_REPLICAS, REPLICAS, READY_REPLICAS, VERSIONS, FAILED, SPEC_LABEL, LABEL, STEP),
    *(FETCHES, FETCHED_BYTES, TOTAL_BYTES, SWAPS, MEMORY, MEMORY_LIMIT),
)

_STATUSES = ("True", "False", "Unknown")
_DISAGREED = -1

Verdicts = Mapping[ConditionType, Verdict]


def served(tfmodel: TFModel, image: str, evidence: Evidence, verdicts: Verdicts) -> Iterator[Sample]:
    """Yields all samples of a TFModel that the operator acts on."""
    yield _info(tfmodel, image)
    yield from conditions(verdicts)
    yield from _replicas(evidence)
    yield from _loads(evidence)
    pods = answering(evidence.pods)
    for model in evidence.aspired.models:
        yield from _versions(model, pods)
        yield from _labels(model, pods)
        yield from _rollout(model.name, evidence)
        yield from _fetches(model.name, evidence)


def conditions(verdicts: Verdicts) -> Iterator[Sample]:
    """Yields the samples of a TFModel whose pods are not queried, such as an invalid one: its conditions."""
    for type_, verdict in verdicts.items():
        for status in _STATUSES:
            yield Sample(CONDITION, (type_, status), int(status == verdict.status))
        yield Sample(REASON, (type_, verdict.reason), 1)


def _info(tfmodel: TFModel, image: str) -> Sample:
    spec = tfmodel.spec
    uris = [spec.model_uri] if spec.model_uri else [model.model_uri for model in spec.models or ()]
    schemes = ",".join(sorted({uri.partition("://")[0] for uri in uris}))
    return Sample(INFO, (image, schemes, str(len(uris)), str(spec.gpus)), 1)


def _replicas(evidence: Evidence) -> Iterator[Sample]:
    yield Sample(SPEC_REPLICAS, (), evidence.replicas)
    yield Sample(REPLICAS, (), len(evidence.pods))
    yield Sample(READY_REPLICAS, (), len(evidence.ready_pods))


def _loads(evidence: Evidence) -> Iterator[Sample]:
    for load in evidence.loads:
        yield Sample(SWAPS, (load.pod,), load.swaps)
        if load.memory is not None:
            yield Sample(MEMORY, (load.pod,), load.memory)
            yield Sample(MEMORY_LIMIT, (load.pod,), load.limit)


def _versions(model: ModelConfig, pods: list[PodObservation]) -> Iterator[Sample]:
    for version, found in states(model, pods).items():
        for state, count in Counter(found).items():
            yield Sample(VERSIONS, (model.name, str(version), state), count)


def _labels(model: ModelConfig, pods: list[PodObservation]) -> Iterator[Sample]:
    """While no pod answers, a label has no observed version."""
    agreed = agreed_labels([pod.named(model.name) for pod in pods])
    for label, version in model.labels.items():
        yield Sample(SPEC_LABEL, (model.name, label), version)
        if pods:
            yield Sample(LABEL, (model.name, label), agreed.get(label, _DISAGREED))


def _rollout(model: str, evidence: Evidence) -> Iterator[Sample]:
    step = evidence.steps.get(model)
    if step is None:
        return
    yield Sample(STEP, (model, step.action), 1)
    for reason, versions in ((Reason.VERSION_FAILED, step.failed), (Reason.VERSION_NOT_FOUND, step.absent)):
        for version in versions:
            yield Sample(FAILED, (model, str(version), reason), 1)


def _fetches(model: str, evidence: Evidence) -> Iterator[Sample]:
    fetching = evidence.fetching.get(model, ())
    for state, count in Counter(fetch.state for fetch in fetching).items():
        yield Sample(FETCHES, (model, state), count)
    for fetch in fetching:
        yield Sample(FETCHED_BYTES, (model, str(fetch.version)), fetch.bytes)
        yield Sample(TOTAL_BYTES, (model, str(fetch.version)), fetch.total_bytes)

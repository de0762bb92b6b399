"""A cluster for passes over one TFModel: a cache, an API server that stores all children in it, and pods that do as
they are told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from testing.replica_set import made_by
from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.api.verify import RequestsConfigMap
from tfs_operator.cluster.cache import Cache
from tfs_operator.cluster.errors import Transient
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.pods.fetchers import Answer
from tfs_operator.controller.reconcile.act import Actor
from tfs_operator.controller.reconcile.gather import Gatherer
from tfs_operator.controller.reconcile.reconciler import Reconciler, Result
from tfs_operator.controller.reconcile.state import TFModelState, TFModelStates
from tfs_operator.domain.committed import COMMITTED_ANNOTATION, from_annotation
from tfs_operator.domain.evidence import Evidence
from tfs_operator.domain.fetch_protocol import FetchOrder
from tfs_operator.domain.history import Announced
from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific, aspired_config
from tfs_operator.domain.observation import AVAILABLE, ModelObservation, PodObservation, Problem, VersionStatus
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.rollout import Action, Goal, Memory, Step
from tfs_operator.domain.rollout_status import rollout_status
from tfs_operator.domain.verification import Answered, Stored
from tfs_operator.planning import ApplyFailure, Conclusion, ProbeOrder, Reloaded, ReloadOrder
from tfs_operator.render import Settings
from tfs_operator.render.deployment import ATTEMPT_ANNOTATION, MODELS_DIGEST_ANNOTATION, models_digest

KEY = TFModelKey("default", "mnist")
UNTRIED = {"trialSeconds": 0, "verify": {"madeUp": False, "allowSignatureChange": True}}
"""New versions go to all pods at once; that they are tried first is tested elsewhere."""

NOW = 1_790_000_000.0
SLOW_SECONDS = 30.0


def config(*versions: int, **labels: int) -> ModelServerConfig:
    return ModelServerConfig((ModelConfig("mnist", "/m", Specific(versions), labels),))


DIGEST = models_digest(config(1))


def serves(*versions: int, **labels: int) -> ModelObservation:
    return ModelObservation(tuple(VersionStatus(version, AVAILABLE) for version in versions), labels)


def remembers(memory: Memory) -> Manifest:
    """A status that remembers this of the model mnist."""
    step = Step(memory.action or Action.DONE, "", Goal(config(1).models[0]), memory=memory)
    rollout = rollout_status(step, Announced()).model_dump(mode="json")
    return {"models": [{"name": "mnist", "rollout": rollout}]}


@dataclass
class Cluster:
    """Plays the children, the pods and the status writer of one TFModel."""

    failure: ApplyFailure | None = None
    error: Transient | None = None
    obedient: bool = True
    unknown_kinds: frozenset[str] = frozenset()
    cache: Cache = field(default_factory=Cache)
    answers: dict[str, PodObservation] = field(default_factory=dict)
    asked: list[Mapping[str, Sequence[str]]] = field(default_factory=list)
    told: list[tuple[str, ModelServerConfig]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    reports: Mapping[str, Answer] = field(default_factory=dict)
    ordered: dict[str, FetchOrder] = field(default_factory=dict)
    looked_for: list[str] = field(default_factory=list)
    questions: list[ProbeOrder] = field(default_factory=list)
    probes: dict[str, dict[str, dict[int, Answered]]] = field(default_factory=dict)
    stored: Stored = field(default_factory=Stored)
    written: list[Conclusion] = field(default_factory=list)
    followed: Sequence[str] = ()
    listings: dict[str, frozenset[int]] = field(default_factory=dict)
    closed: int = 0
    forgotten: list[TFModelKey] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.states = TFModelStates(lambda key: TFModelState(*[self] * 7))  # type: ignore[arg-type]  # all in one
        gatherer = Gatherer(self.cache, Settings(), clock=lambda: NOW, unknown_kinds=lambda: self.unknown_kinds)
        actor = Actor(gatherer, self.look_for)
        clock: Callable[[], float] = lambda: NOW  # noqa: E731  # a constant
        self.reconciler = Reconciler(self.states, gatherer, actor, self, SLOW_SECONDS, clock, clock)  # type: ignore[arg-type]  # writes the status

    def heard_for(self) -> dict[str, float]:
        """The reloader's: nothing is known of any pod."""
        return {}

    # what there is

    def put(self, item: Manifest) -> None:
        version = {"resourceVersion": str(len(self.done) + len(self.cache) + 1), "namespace": "default"}
        self.done.append(item["kind"])
        self.cache.upsert({**item, "metadata": {**item["metadata"], **version}})

    def tfmodel(
        self, versions: Sequence[int] = (1,), status: Manifest | None = None, deleted: bool = False, **spec: Any
    ) -> None:
        if "models" not in spec:
            spec = {"modelUri": "file:///m", "versions": list(versions), **spec}
        spec = {"rollout": UNTRIED, **spec}
        metadata = {"name": "mnist", "namespace": "default", "uid": "u1"}
        metadata |= {"deletionTimestamp": "2026-11-21T06:30:00Z"} if deleted else {}
        item = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "metadata": metadata, "spec": spec}
        self.put({**item, "status": status} if status else item)

    @property
    def parsed(self) -> TFModel:
        return TFModel.parse(self.cache.get("TFModel", *KEY) or {})

    @property
    def aspired(self) -> ModelServerConfig:
        return aspired_config("mnist", self.parsed.spec)

    def commit(self, text: str, owner: str = "u1") -> None:
        owners = [{"kind": "TFModel", "name": "mnist", "uid": owner, "controller": True}] if owner else []
        metadata = {"name": "mnist-config", "uid": "c", "annotations": {COMMITTED_ANNOTATION: text}}
        self.put({"kind": "ConfigMap", "metadata": {**metadata, "ownerReferences": owners}})

    def pod(self, name: str, seen: ModelObservation | Problem | None, digest: str = DIGEST) -> None:
        """Ready if it has something to answer, or is silent; else crashing."""
        ended = {"name": "model-server", "ready": False, "lastState": {"terminated": {"exitCode": 1}}}
        status = {
            "podIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": "True" if seen else "False"}],
            "containerStatuses": [] if seen else [ended],
        }
        labels = {"app.kubernetes.io/instance": "mnist"}
        metadata = {"name": name, "uid": name, "labels": labels, "annotations": {MODELS_DIGEST_ANNOTATION: digest}}
        self.put({"kind": "Pod", "metadata": made_by("mnist", metadata), "status": status})
        if isinstance(seen, Problem):
            self.answers[name] = PodObservation(name, ready=True, problem=seen)
        elif seen is not None:
            self.answers[name] = PodObservation(name, ready=True, models={"mnist": seen})

    def deployment(self, replicas: int = 1, *, status_replicas: int = 0, **status: int) -> None:
        metadata = {"name": "mnist", "uid": "d", "generation": 1}
        status = {"replicas": status_replicas, **status}
        self.put({"kind": "Deployment", "metadata": metadata, "spec": {"replicas": replicas}, "status": status})

    # what the rooms of the operator do

    async def reconcile(self, tfmodel: TFModel, manifests: Sequence[Manifest]) -> ApplyFailure | None:
        if self.error:
            raise self.error
        if self.failure is None:
            for manifest in manifests:
                self.put(manifest)
        return self.failure

    async def observe(self, pods: Sequence[PodFacts], asked: Mapping[str, Sequence[str]]) -> tuple[PodObservation, ...]:
        self.asked.append(asked)
        return tuple(self.answers.get(pod.name, PodObservation(pod.name, ready=False)) for pod in pods)

    async def order(self, pods: Sequence[PodFacts], orders: Mapping[str, FetchOrder]) -> Mapping[str, Answer]:
        self.ordered |= orders
        return self.reports

    async def reload(self, pods: Sequence[PodFacts], orders: Sequence[ReloadOrder]) -> Reloaded:
        self.done.append("told")
        due = [order for order in orders if not order.shown]
        for order in due:
            self.told.append((order.pod.name, order.config))
            if self.obedient:
                [model] = order.config.models
                assert isinstance(model.policy, Specific)
                self.pod(order.pod.name, serves(*model.policy.versions, **model.labels))
        return Reloaded(len(due), settled=not due)

    def ask(self, pods: Sequence[PodFacts], orders: Sequence[ProbeOrder]) -> None:
        """The prober's."""
        self.questions += orders

    def listed(self) -> dict[str, frozenset[int]]:
        """The fetchers': what they saw last."""
        return self.listings

    def follow(self, pods: Sequence[PodFacts], reports: Mapping[str, Answer]) -> None:
        """Waits for changes of the reports."""
        self.followed = [pod.name for pod in pods if pod.name in reports]

    def probed(
        self, pods: Sequence[PodFacts], observations: Sequence[PodObservation]
    ) -> dict[str, dict[str, dict[int, Answered]]]:
        return self.probes

    async def read(self, namespace: str, config_map: RequestsConfigMap | None) -> Stored | None:
        """Of the ConfigMap that rollout.verify names."""
        return None if config_map is None else self.stored

    async def write(self, conclusion: Conclusion) -> None:
        self.written.append(conclusion)

    def look_for(self, kinds: Iterable[str]) -> None:
        self.looked_for += kinds

    def close(self) -> None:
        self.closed += 1

    def forget(self, key: TFModelKey) -> None:
        self.forgotten.append(key)

    # what comes of it

    async def pass_(self) -> Result:
        return await self.reconciler.reconcile(KEY)

    @property
    def evidence(self) -> Evidence:
        """Of the last pass, over a TFModel that is acted on."""
        evidence = self.written[-1].evidence
        assert evidence is not None
        return evidence

    @property
    def reason(self) -> Reason:
        """Of Ready, after the last pass."""
        return self.written[-1].verdicts[ConditionType.READY].reason

    @property
    def steps_taken(self) -> list[Action | None]:
        """In the last pass, beginning with the step that was remembered."""
        return [memory.action for memory in self.written[-1].reports["mnist"].taken]

    @property
    def committed(self) -> ModelServerConfig | None:
        """What our ConfigMap says."""
        live = self.cache.get("ConfigMap", "default", "mnist-config")
        return from_annotation(live["metadata"]["annotations"][COMMITTED_ANNOTATION]) if live else None

    @property
    def attempt(self) -> str | None:
        template = (self.cache.get("Deployment", *KEY) or {})["spec"]["template"]
        found: str | None = template["metadata"]["annotations"].get(ATTEMPT_ANNOTATION)
        return found

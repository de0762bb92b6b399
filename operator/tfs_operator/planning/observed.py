"""All that a round decides from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain import deployment
from tfs_operator.domain.autoscaler import HPA, SCALED_OBJECT
from tfs_operator.domain.fetch_status import arriving, fetched, unfetchable
from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific, aspired_config
from tfs_operator.domain.observation import PodObservation, Problem
from tfs_operator.domain.pods import DeadPod, PodFacts
from tfs_operator.domain.rollout import Fleet, Limits, Memory, Pod
from tfs_operator.domain.surge import Surge, surge
from tfs_operator.domain.verification import Probed, Question
from tfs_operator.planning.questions import question, superseded
from tfs_operator.render.deployment import models_digest
from tfs_operator.render.settings import Settings


@dataclass(frozen=True)
class LiveChildren:
    """What the API server holds of the children that are read: those of this TFModel, None where there is none."""

    committed: ModelServerConfig | None = None
    """What the ConfigMap holds, so what a pod that starts comes up with; None also when it is unreadable."""

    deployment: Manifest | None = None
    autoscaler: Manifest | None = None


@dataclass(frozen=True)
class Refused:
    """A TFModel on which this operator may not act. Nothing of it is read but its status, no pod is queried."""

    live: Manifest
    problem: Problem


@dataclass(frozen=True)
class Subject:
    """The TFModel of a pass, parsed and as the API server holds it, as it was when the pass began."""

    live: Manifest
    tfmodel: TFModel

    @cached_property
    def aspired(self) -> ModelServerConfig:
        """What the spec asks of the model servers."""
        return aspired_config(self.tfmodel.metadata.name, self.tfmodel.spec)

    @cached_property
    def models_digest(self) -> str:
        """Digest of the aspired set of models; a pod bears that of the set with which it was made."""
        return models_digest(self.aspired)

    @property
    def autoscaler_kind(self) -> str | None:
        """Kind of the autoscaler; None where the spec sets the number of replicas."""
        autoscaling = self.tfmodel.spec.autoscaling
        if autoscaling is None:
            return None
        return HPA if autoscaling.keda is None else SCALED_OBJECT


@dataclass(frozen=True)
class Observed:
    """The state of one TFModel in one round. `observations` has one for each of `pods`, in their order, with the
    reports of their fetchers; `memories` has what is remembered of each aspired model's rollout."""

    subject: Subject
    settings: Settings
    children: LiveChildren = field(default_factory=LiveChildren)
    pods: tuple[PodFacts, ...] = ()
    observations: tuple[PodObservation, ...] = ()
    dead: tuple[DeadPod, ...] = ()
    """Pods that will never run again, and are none of `pods`."""

    memories: Mapping[str, Memory] = field(default_factory=dict)
    unknown_kinds: frozenset[str] = frozenset()
    """Kinds that the cluster does not know."""

    retry_seconds: float = 60.0
    """How soon a version that failed is tried again, at first."""

    now: float = 0.0
    """Seconds since the epoch, after all answers have come."""

    @property
    def tfmodel(self) -> TFModel:
        return self.subject.tfmodel

    @property
    def aspired(self) -> ModelServerConfig:
        return self.subject.aspired

    @property
    def committed(self) -> ModelServerConfig | None:
        return self.children.committed

    @property
    def limits(self) -> Limits:
        """The limits of every rollout step."""
        rollout = self.tfmodel.spec.rollout
        return Limits(
            rollout.load_timeout_seconds,
            rollout.bake_seconds,
            back_off=self.retry_seconds,
            trial=rollout.trial_seconds,
            asks=True,
        )

    @cached_property
    def current(self) -> tuple[tuple[PodFacts, PodObservation], ...]:
        """The pods that run the aspired set of models; the others are being replaced."""
        digest = self.subject.models_digest
        pairs = zip(self.pods, self.observations, strict=True)
        return tuple((pod, seen) for pod, seen in pairs if pod.models_digest == digest)

    @cached_property
    def answering(self) -> tuple[tuple[PodFacts, PodObservation], ...]:
        """Those of the current pods that are ready and have answered."""
        return tuple((pod, seen) for pod, seen in self.current if seen.answered)

    @cached_property
    def answering_unready(self) -> tuple[tuple[PodFacts, PodObservation], ...]:
        """Those of the current pods that are not ready and have answered all the same."""
        return tuple((pod, seen) for pod, seen in self.current if seen.answered_unready)

    @cached_property
    def surge(self) -> Surge:
        """Whether there is room for one more pod during a rolling update."""
        spec, found = self.tfmodel.spec, deployment.facts(self.children.deployment)
        return surge(spec.gpus, found, self.pods, spec.rollout.surge_timeout_seconds, self.now)

    def committed_model(self, name: str) -> ModelConfig | None:
        return self.committed.model(name) if self.committed else None

    def fleet(self, model: str) -> Fleet:
        """Returns the pods as the rollout of one model sees them. Nothing waits for a pod that is not ready; but while
        none is, those that answer are what there is."""
        ready = sum(pod.ready for pod, _ in self.current)
        seen_by_rollout = self.answering if ready else self.answering_unready
        pods = tuple(self._rollout_pod(pod, seen, model) for pod, seen in seen_by_rollout)
        return Fleet(
            pods=pods,
            silent=ready - len(self.answering),
            crash_looping=not ready and not pods and self._is_hopeless(model),
            living=frozenset(pod.name for pod in self.pods),
            deaths={pod.name: pod.death for pod in self.pods if pod.death is not None},
        )

    def _is_hopeless(self, model: str) -> bool:
        hopeless = (pod.crashed or self._starves(seen, model) for pod, seen in self.current)
        return bool(self.current) and all(hopeless)

    def _rollout_pod(self, pod: PodFacts, seen: PodObservation, model: str) -> Pod:
        return replace(rollout_pod(pod, seen, model), probed=self.probed(seen, model))

    def probed(self, seen: PodObservation, model: str) -> dict[int, Probed]:
        """Returns what is known of the versions of a model on one pod; what was asked otherwise is left out."""
        answers = seen.probed.get(model, {}).items()
        return {
            version: answered.probed for version, answered in answers if answered.settles(self.question(model, version))
        }

    def question(self, model: str, version: int) -> Question:
        """Returns what a version of an aspired model is to be asked."""
        aspired = self.aspired.model(model)
        assert aspired is not None
        answers = (seen.model(model) for _, seen in self.answering)
        over = superseded(version, aspired, self.committed_model(model), answers)
        return question(self.tfmodel.spec.rollout.verify, over)

    def _starves(self, seen: PodObservation, model: str) -> bool:
        """It waits for a version with which it is to start, and the store does not have that."""
        committed = self.committed_model(model)
        lacking = unfetchable(seen.fetches.get(model), seen.name)
        if committed is None or not isinstance(committed.policy, Specific):
            return False
        return not lacking.keys().isdisjoint(committed.policy.versions)


def rollout_pod(pod: PodFacts, seen: PodObservation, model: str) -> Pod:
    """One pod as the rollout of one model sees it. One that is not ready has had no time yet to load what it was not
    sent: its Ready condition may have turned long before its server came up."""
    report = seen.fetches.get(model)
    unheard = not pod.ready and math.isinf(seen.heard_for)
    return Pod(
        name=pod.name,
        observed=seen.model(model),
        ready_at=pod.ready_at,
        arriving=arriving(report, pod.name),
        unfetchable=unfetchable(report, pod.name),
        fetched=fetched(report),
        heard_for=0.0 if unheard else seen.heard_for,
        ready=pod.ready,
        restarts=pod.restarts,
    )

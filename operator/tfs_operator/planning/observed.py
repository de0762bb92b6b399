"""All that a round decides from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain import deployment
from tfs_operator.domain.autoscaler import HPA, SCALED_OBJECT
from tfs_operator.domain.fetch_status import arriving, contents, fetched, listed, nowhere, unfetchable
from tfs_operator.domain.location import local_places, remotes
from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific, aspired_config
from tfs_operator.domain.observation import ModelObservation, PodObservation, Problem
from tfs_operator.domain.pods import DeadPod, PodFacts
from tfs_operator.domain.recycle import ServerLoad
from tfs_operator.domain.rollout import ExtraPods, Fleet, Limits, Memory, Pod
from tfs_operator.domain.surge import Surge, surge
from tfs_operator.domain.verification import Probed, Question, Stored
from tfs_operator.planning.model_sets import ModelSets
from tfs_operator.planning.questions import OwnRequests, names, own_requests, question, superseded
from tfs_operator.render.deployment import models_digest
from tfs_operator.render.settings import Settings

Pair = tuple[PodFacts, PodObservation]
"""A pod and its answers."""


@dataclass(frozen=True)
class LiveChildren:
    """What the API server holds of the children that are read: those of this TFModel, None where there is none."""

    committed: ModelServerConfig | None = None
    """What the ConfigMap holds, so what a pod that starts comes up with; None also when it is unreadable."""

    former: Mapping[str, ModelServerConfig] = field(default_factory=dict)
    """What was committed of other sets of models, by their digest, for pods that still run one of those."""

    deployment: Manifest | None = None
    trial: Manifest | None = None
    """The Deployment of the pod outside the Service."""

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

    @property
    def agent(self) -> Mapping[str, Any]:
        """`status.agent`; empty before the first pass."""
        found: Mapping[str, Any] = self.live.get("status", {}).get("agent") or {}
        return found

    @cached_property
    def aspired(self) -> ModelServerConfig:
        """What the spec asks of the model servers."""
        return aspired_config(self.tfmodel.metadata.name, self.tfmodel.spec)

    @cached_property
    def models_digest(self) -> str:
        """Digest of the aspired set of models; a pod bears that of the set with which it was made."""
        return models_digest(self.aspired)

    @cached_property
    def listed(self) -> frozenset[str]:
        """The models of which the pods' agents see the store or the folder: all but those in the image."""
        name, spec = self.tfmodel.metadata.name, self.tfmodel.spec
        return frozenset({*remotes(name, spec), *local_places(name, spec)})

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

    loads: tuple[ServerLoad, ...] = ()
    """What the model servers of the pods have behind them."""

    memory_unreadable: str = ""
    """Why the memory of model servers cannot be read; empty where it can, or is not asked for."""

    stored: Stored | None = None
    """The ConfigMap that rollout.verify names; None where it names none."""

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
        rollout, verify = self.tfmodel.spec.rollout, self.tfmodel.spec.rollout.verify
        return Limits(
            rollout.load_timeout_seconds,
            rollout.bake_seconds,
            back_off=self.retry_seconds,
            trial=rollout.trial_seconds,
            asks=verify.asks,
            answer=math.inf if verify.insists else Limits.answer,
            extra=rollout.surge_timeout_seconds if rollout.extra_pod else None,
        )

    @cached_property
    def sets(self) -> ModelSets:
        """Which models the pods run."""
        return ModelSets(self.aspired, self.committed, self.children.former)

    @cached_property
    def seen(self) -> tuple[Pair, ...]:
        """Every pod and its answers; those about aspired models that it does not run are left out."""
        pairs = zip(self.pods, self.observations, strict=True)
        return tuple((pod, seen.without(self.sets.lacking(pod))) for pod, seen in pairs)

    @property
    def in_service(self) -> tuple[Pair, ...]:
        """The pods that clients reach once they are ready: all but those on which versions are tried."""
        return tuple((pod, seen) for pod, seen in self.seen if not pod.extra)

    @cached_property
    def current(self) -> tuple[Pair, ...]:
        """The pods that run the aspired set of models; the others are being replaced."""
        return tuple((pod, seen) for pod, seen in self.seen if pod.models_digest == self.subject.models_digest)

    @cached_property
    def answering(self) -> tuple[Pair, ...]:
        """The pods that are ready and have answered, and whose models are known."""
        return tuple((pod, seen) for pod, seen in self.seen if seen.answered and self.sets.of(pod))

    @cached_property
    def answering_unready(self) -> tuple[Pair, ...]:
        """Those that are not ready and have answered all the same."""
        return tuple((pod, seen) for pod, seen in self.seen if seen.answered_unready and self.sets.of(pod))

    def running(self, model: str) -> tuple[Pair, ...]:
        """Returns the pods that run an aspired model, of whatever set they are."""
        return tuple((pod, seen) for pod, seen in self.seen if self.sets.runs(pod, model))

    def answers(self, model: str) -> list[ModelObservation]:
        """Returns what the ready pods answer to clients that run an aspired model."""
        return [seen.model(model) for pod, seen in self.running(model) if seen.answered and not pod.extra]

    @cached_property
    def surge(self) -> Surge:
        """Whether there is room for one more pod during a rolling update."""
        spec, found = self.tfmodel.spec, deployment.facts(self.children.deployment)
        pods = [pod for pod, _ in self.in_service]
        return surge(spec.gpus, found, pods, spec.rollout.surge_timeout_seconds, self.now)

    @cached_property
    def committed_aspired(self) -> ModelServerConfig | None:
        """What is committed of the aspired models; None: nothing is committed."""
        return self.sets.committed_of(self.pods)

    def committed_model(self, name: str) -> ModelConfig | None:
        return self.committed_aspired.model(name) if self.committed_aspired else None

    def deciding(self, model: str) -> list[Pair]:
        """Returns the pods of which the rollout of a model is decided: those that are ready and have answered. Nothing
        waits for a pod that is not ready; but while none is, those that answer are what there is."""
        running = self._taking_part(model)
        ready = any(pod.ready for pod, _ in running)
        return [(pod, seen) for pod, seen in running if (seen.answered if ready else seen.answered_unready)]

    def _taking_part(self, model: str) -> tuple[Pair, ...]:
        """Without a pod for clients that answers, one that only versions are tried on decides nothing."""
        running = self.running(model)
        serves = any(seen.answered for pod, seen in running if not pod.extra)
        return running if serves else tuple((pod, seen) for pod, seen in running if not pod.extra)

    @property
    def _extra(self) -> ExtraPods:
        found = [pod for pod in self.pods if pod.extra]
        refused = deployment.facts(self.children.trial).problem
        problem = next((pod.problem for pod in found if pod.problem), None) or refused
        return ExtraPods(frozenset(pod.name for pod in found), problem.message if problem else "")

    def fleet(self, model: str) -> Fleet:
        """Returns the pods as the rollout of one model sees them."""
        running = self._taking_part(model)
        ready = sum(pod.ready for pod, _ in running)
        pods = tuple(self._rollout_pod(pod, seen, model) for pod, seen in self.deciding(model))
        return Fleet(
            pods=pods,
            silent=max(ready - len(pods), 0),
            crash_looping=not ready and not pods and self._is_hopeless(model),
            living=frozenset(pod.name for pod in self.pods),
            deaths={pod.name: pod.death for pod in self.pods if pod.death is not None},
            extra=self._extra,
        )

    def _is_hopeless(self, model: str) -> bool:
        running = [(pod, seen) for pod, seen in self.running(model) if not pod.extra]
        return bool(running) and all(pod.crashed or self._starves(seen, model) for pod, seen in running)

    def _rollout_pod(self, pod: PodFacts, seen: PodObservation, model: str) -> Pod:
        return replace(rollout_pod(pod, seen, model), probed=self.probed(seen, model))

    def probed(self, seen: PodObservation, model: str) -> dict[int, Probed]:
        """Returns what is known of the versions of a model on one pod; what was asked otherwise is left out."""
        if model in self.verify_problems:
            return {}
        answers = seen.probed.get(model, {}).items()
        return {
            version: answered.probed for version, answered in answers if answered.settles(self.question(model, version))
        }

    @cached_property
    def _own_requests(self) -> dict[str, OwnRequests]:
        spec = self.tfmodel.spec
        return {model.name: own_requests(spec, self.stored, model.name) for model in self.aspired.models}

    @property
    def verify_problems(self) -> dict[str, str]:
        """By model, why the requests of rollout.verify cannot be used: its new versions wait."""
        return {name: own.problem for name, own in self._own_requests.items() if own.problem}

    def question(self, model: str, version: int) -> Question:
        """Returns what a version of an aspired model is to be asked."""
        aspired = self.aspired.model(model)
        assert aspired is not None
        answers = [seen.model(model) for _, seen in self.deciding(model)]
        over = superseded(version, aspired, self.committed_model(model), answers)
        return question(self.tfmodel.spec, self._own_requests[model], over)

    def is_committed(self, model: str, version: int) -> bool:
        """Tells whether pods come up with the version."""
        committed = self.committed_model(model)
        return committed is not None and (names(committed, version) or version in committed.labels.values())

    def _starves(self, seen: PodObservation, model: str) -> bool:
        """It waits for a version with which it is to start, and the store does not have that. A server whose models lie
        on a volume starts with any of them, so there it lacks all."""
        committed, report = self.committed_model(model), seen.fetches.get(model)
        if committed is None or report is None or not isinstance(committed.policy, Specific):
            return False
        versions, lacking = set(committed.policy.versions), unfetchable(report, seen.name).keys()
        return versions <= lacking if report.local else not versions.isdisjoint(lacking)


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
        nowhere=nowhere(report),
        fetched=fetched(report),
        contents=contents(report),
        listed=listed(report),
        heard_for=0.0 if unheard else seen.heard_for,
        ready=pod.ready,
        restarts=pod.restarts,
        extra=pod.extra,
    )

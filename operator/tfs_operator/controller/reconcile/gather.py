"""Gathers all that a round decides from: the cache, the pods' answers, the fetchers' reports, the clock."""

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from tfs_operator.cluster.cache import Cache, controller_of
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.kinds import TFMODEL
from tfs_operator.controller.pods.fetchers import Answer
from tfs_operator.controller.pods.memory import MemoryReader
from tfs_operator.controller.pods.observe import living_pods
from tfs_operator.controller.reconcile.loads import Loads
from tfs_operator.controller.reconcile.state import TFModelState
from tfs_operator.domain.committed import (
    COMMITTED_ANNOTATION,
    FORMER_ANNOTATION,
    former_from_annotation,
    from_annotation,
)
from tfs_operator.domain.fetch_orders import order
from tfs_operator.domain.fetch_protocol import FetchReport
from tfs_operator.domain.location import local_places, remotes
from tfs_operator.domain.observation import PodObservation
from tfs_operator.domain.pods import PodFacts, dead_pods, is_made_by
from tfs_operator.domain.rollout import Memory
from tfs_operator.planning import LiveChildren, ModelSets, Observed, Refused, Subject, memories, subject_of
from tfs_operator.render.metadata import config_map_name, trial_name
from tfs_operator.render.settings import Settings


class Gatherer:
    """Reads only, but for the agents: the answer to an order is the report, so to ask one how far it is means to
    order it what it was ordered before. The order depends on the spec, on what is committed and was given up, on
    whether any pod is ready, and on what the agents have listed before."""

    def __init__(
        self,
        cache: Cache,
        settings: Settings,
        retry_seconds: float = 60.0,
        clock: Callable[[], float] = time.time,
        unknown_kinds: Callable[[], frozenset[str]] = frozenset,
        memory: MemoryReader | None = None,
    ) -> None:
        """`retry_seconds`: how soon a version that failed is tried again; `unknown_kinds`: those that the cluster does
        not know; `memory` has how much the model servers use."""
        self._cache = cache
        self._settings = settings
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._unknown_kinds = unknown_kinds
        self._loads = Loads(memory)

    def subject(self, key: TFModelKey) -> Subject | Refused | None:
        """Returns the TFModel; None when it is gone, or going: its children go by garbage collection. None also while
        the cache knows of children only that they are there; it is enqueued once they are known."""
        live = self._cache.get(TFMODEL, *key)
        if live is None or "deletionTimestamp" in live["metadata"] or self._cache.incomplete(live["metadata"]["uid"]):
            return None
        return subject_of(live, self._settings.allowed)

    def memories(self, subject: Subject | Refused, state: TFModelState) -> Mapping[str, Memory]:
        """Returns what the status remembers. Time in which no operator drove the rollouts does not count."""
        return memories(subject.live, resumed_at=None if state.driven else self._clock())

    async def gather(
        self, subject: Subject | Refused, state: TFModelState, remembered: Mapping[str, Memory]
    ) -> Observed | Refused:
        """Reads all of a round. `remembered`: each model's rollout after the round before, or as in the status."""
        if isinstance(subject, Refused):
            return subject
        children = self.children(subject)
        namespace, name = _key(subject)
        deployments = (name, trial_name(name))
        manifests = [pod for pod in self._cache.pods_of(namespace, name) if is_made_by(pod, deployments)]
        pods = tuple(living_pods(manifests, subject.tfmodel.spec.gpus))
        sets = ModelSets(subject.aspired, children.committed, children.former)
        observations, reports, stored = await asyncio.gather(
            state.observer.observe(pods, sets.labels()),
            self._reports(subject, state, pods, sets, remembered),
            state.stored_requests.read(_key(subject).namespace, subject.tfmodel.spec.rollout.verify.config_map),
        )
        state.changes.follow(pods, reports)
        heard_for, probed = state.reloader.heard_for(), state.prober.probed(pods, observations)
        return Observed(
            subject=subject,
            settings=self._settings,
            children=children,
            pods=pods,
            observations=tuple(
                replace(
                    _with_report(seen, reports.get(seen.name)),
                    heard_for=heard_for.get(seen.name, math.inf),
                    probed=probed.get(seen.name, {}),
                )
                for seen in observations
            ),
            dead=tuple(pod for pod in dead_pods(manifests) if not pod.extra),
            loads=self._loads.of(subject, state, *_in_service(pods, observations)),
            memory_unreadable=self._loads.unreadable(subject),
            stored=stored,
            memories=remembered,
            unknown_kinds=self._unknown_kinds(),
            retry_seconds=self._retry_seconds,
            now=self._clock(),
        )

    def children(self, subject: Subject) -> LiveChildren:
        """Returns them as the cache has them now."""
        key, kind = _key(subject), subject.autoscaler_kind
        annotations = self._config_annotations(subject)
        return LiveChildren(
            committed=from_annotation(annotations.get(COMMITTED_ANNOTATION, "")),
            former=former_from_annotation(annotations.get(FORMER_ANNOTATION, "")),
            deployment=self._cache.get("Deployment", *key),
            trial=self._cache.get("Deployment", key.namespace, trial_name(key.name)),
            autoscaler=self._cache.get(kind, *key) if kind else None,
        )

    def _config_annotations(self, subject: Subject) -> Mapping[str, str]:
        """Those of the TFModel's ConfigMap; none where there is none, or where it is of another owner."""
        key = _key(subject)
        live = self._cache.get("ConfigMap", key.namespace, config_map_name(key.name))
        owner = controller_of(live) if live else None
        if live is None or owner is None or owner["uid"] != subject.tfmodel.metadata.uid:
            return {}
        return live["metadata"].get("annotations") or {}

    async def _reports(
        self,
        subject: Subject,
        state: TFModelState,
        pods: Sequence[PodFacts],
        sets: ModelSets,
        remembered: Mapping[str, Memory],
    ) -> Mapping[str, Answer]:
        """Of the agents of all pods, also of those that are not ready yet. One of another set of models is ordered
        those that it shares with the spec: it would fetch others of the same name from where they were."""
        committed = sets.committed_of(pods)
        if committed is None:
            return {}
        name, spec = subject.tfmodel.metadata.name, subject.tfmodel.spec
        models = [*remotes(name, spec), *local_places(name, spec)]
        ordered = partial(
            order,
            committed=committed,
            aspired=subject.aspired,
            poll_interval_seconds=spec.storage.poll_interval_seconds,
            alone=not any(pod.ready and not pod.extra for pod in pods),
            listed=state.fetchers.listed(),
            failures={model: memory.failures for model, memory in remembered.items()},
        )
        shared = {pod.name: [model for model in models if sets.runs(pod, model)] for pod in pods}
        return await state.fetchers.order(pods, {pod: ordered(found) for pod, found in shared.items()})


def _in_service(
    pods: Sequence[PodFacts], observations: Sequence[PodObservation]
) -> tuple[list[PodFacts], list[PodObservation]]:
    """The pod on which versions are tried is gone before it has grown."""
    kept = [(pod, seen) for pod, seen in zip(pods, observations, strict=True) if not pod.extra]
    return [pod for pod, _ in kept], [seen for _, seen in kept]


def _key(subject: Subject) -> TFModelKey:
    return TFModelKey(subject.tfmodel.metadata.namespace, subject.tfmodel.metadata.name)


def _with_report(seen: PodObservation, answer: Answer | None) -> PodObservation:
    if isinstance(answer, FetchReport):
        return replace(seen, fetches=answer.models, lag=answer.lag)
    return replace(seen, unreported=str(answer)) if answer is not None else seen

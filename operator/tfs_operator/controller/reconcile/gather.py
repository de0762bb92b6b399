"""Gathers all that a round decides from: the cache, the pods' answers, the fetchers' reports, the clock."""

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tfs_operator.cluster.cache import Cache, controller_of
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.kinds import TFMODEL
from tfs_operator.controller.pods.fetchers import Answer
from tfs_operator.controller.pods.observe import living_pods
from tfs_operator.controller.reconcile.state import TFModelState
from tfs_operator.domain.committed import COMMITTED_ANNOTATION, from_annotation
from tfs_operator.domain.fetch_orders import order
from tfs_operator.domain.fetch_protocol import FetchReport
from tfs_operator.domain.location import remotes
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.domain.observation import PodObservation
from tfs_operator.domain.pods import PodFacts, dead_pods
from tfs_operator.domain.rollout import Memory, labels_to_query
from tfs_operator.planning import LiveChildren, Observed, Refused, Subject, memories, subject_of
from tfs_operator.render.metadata import config_map_name
from tfs_operator.render.settings import Settings


class Gatherer:
    """Reads only, but for the fetchers: the answer to an order is the report, so to ask one how far it is means to
    order it what it was ordered before. The order depends on the spec and on what is committed, on no answer."""

    def __init__(
        self,
        cache: Cache,
        settings: Settings,
        retry_seconds: float = 60.0,
        clock: Callable[[], float] = time.time,
        unknown_kinds: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        """`retry_seconds`: how soon a version that failed is tried again; `unknown_kinds`: those that the cluster does
        not know."""
        self._cache = cache
        self._settings = settings
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._unknown_kinds = unknown_kinds

    def subject(self, key: TFModelKey) -> Subject | Refused | None:
        """Returns the TFModel; None when it is gone, or going: its children go by garbage collection."""
        live = self._cache.get(TFMODEL, *key)
        if live is None or "deletionTimestamp" in live["metadata"]:
            return None
        return subject_of(live, allow_hostpath=self._settings.allow_hostpath)

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
        manifests = self._cache.pods_of(*_key(subject))
        pods = tuple(living_pods(manifests, subject.tfmodel.spec.gpus))
        observations, reports = await asyncio.gather(
            state.observer.observe(pods, _labels(subject.aspired, children.committed)),
            self._reports(subject, state, pods, children.committed),
        )
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
            dead=tuple(dead_pods(manifests)),
            memories=remembered,
            unknown_kinds=self._unknown_kinds(),
            retry_seconds=self._retry_seconds,
            now=self._clock(),
        )

    def children(self, subject: Subject) -> LiveChildren:
        """Returns them as the cache has them now."""
        key, kind = _key(subject), subject.autoscaler_kind
        return LiveChildren(
            committed=self._committed(subject),
            deployment=self._cache.get("Deployment", *key),
            autoscaler=self._cache.get(kind, *key) if kind else None,
        )

    def _committed(self, subject: Subject) -> ModelServerConfig | None:
        key = _key(subject)
        live = self._cache.get("ConfigMap", key.namespace, config_map_name(key.name))
        owner = controller_of(live) if live else None
        if live is None or owner is None or owner["uid"] != subject.tfmodel.metadata.uid:
            return None
        return from_annotation((live["metadata"].get("annotations") or {}).get(COMMITTED_ANNOTATION, ""))

    async def _reports(
        self, subject: Subject, state: TFModelState, pods: Sequence[PodFacts], committed: ModelServerConfig | None
    ) -> Mapping[str, Answer]:
        """Of the fetchers of all pods that run the aspired models, also of those that are not ready yet."""
        spec = subject.tfmodel.spec
        found = remotes(subject.tfmodel.metadata.name, spec)
        if not found or committed is None:
            return {}
        current = [pod for pod in pods if pod.models_digest == subject.models_digest]
        interval = spec.storage.poll_interval_seconds
        return await state.fetchers.order(current, order(found, committed, subject.aspired, interval))


def _key(subject: Subject) -> TFModelKey:
    return TFModelKey(subject.tfmodel.metadata.namespace, subject.tfmodel.metadata.name)


def _labels(aspired: ModelServerConfig, committed: ModelServerConfig | None) -> dict[str, tuple[str, ...]]:
    """By model, the labels whose versions are asked for."""
    before = {model.name: model for model in committed.models} if committed else {}
    return {model.name: labels_to_query(model, before.get(model.name)) for model in aspired.models}


def _with_report(seen: PodObservation, answer: Answer | None) -> PodObservation:
    if isinstance(answer, FetchReport):
        return replace(seen, fetches=answer.models)
    return replace(seen, unreported=str(answer)) if answer is not None else seen

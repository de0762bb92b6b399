"""Drives the rollouts of one TFModel: asks the pods, decides for each model, commits, and tells the pods.

The decisions are domain.rollout's. What is done here is their order: the ConfigMap is written before any pod is
told, and as long as a pod was told something its answers are read again, a few times a pass.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tfs_operator.api.resource import TFModel
from tfs_operator.cluster.cache import Cache, controller_of
from tfs_operator.controller.apply.children import ApplyFailure, Children
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.kinds import TFMODEL
from tfs_operator.controller.pods.fetchers import Answer, Fetchers
from tfs_operator.controller.pods.observe import Observer, living_pods
from tfs_operator.controller.pods.reload import Order, Pushed, Pusher
from tfs_operator.domain import deployment
from tfs_operator.domain.committed import COMMITTED_ANNOTATION, from_annotation
from tfs_operator.domain.fetch_orders import order
from tfs_operator.domain.fetch_protocol import FetchReport
from tfs_operator.domain.fetch_status import arriving, fetched, unfetchable
from tfs_operator.domain.location import remotes
from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific, aspired_config
from tfs_operator.domain.observation import PodObservation
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.renewal import renewal
from tfs_operator.domain.rollout import (
    Facts,
    Fleet,
    Limits,
    Memory,
    Pod,
    Step,
    committed_after,
    decide,
    labels_to_query,
    server_config,
    settled,
)
from tfs_operator.domain.surge import Surge, surge
from tfs_operator.render import Settings, children
from tfs_operator.render.deployment import attempt_for, attempt_of, models_digest, renewal_of
from tfs_operator.render.metadata import config_map_name
from tfs_operator.render.pinned_image import pinned_settings

log = logging.getLogger(__name__)

MAX_ROUNDS = 4
"""Rounds of one pass: a label moves in two, and is seen to have moved in the second."""

Steps = Mapping[str, Step]


@dataclass(frozen=True)
class Observed:
    """What is committed, the pods, what they answered, those of them that run the wanted models, and whether there is
    room for one more."""

    committed: ModelServerConfig | None
    pods: tuple[PodFacts, ...]
    observations: tuple[PodObservation, ...]
    current: tuple[tuple[PodFacts, PodObservation], ...]
    surge: Surge = field(default_factory=Surge)

    @property
    def answering(self) -> list[tuple[PodFacts, PodObservation]]:
        return [(pod, seen) for pod, seen in self.current if seen.answered]

    def committed_model(self, name: str) -> ModelConfig | None:
        return self.committed.model(name) if self.committed else None

    def fleet(self, model: str) -> Fleet:
        pods = tuple(_pod(pod, seen, model) for pod, seen in self.answering)
        ready = [pod for pod, _ in self.current if pod.ready]
        hopeless = all(pod.crashed or self._starves(seen, model) for pod, seen in self.current)
        return Fleet(pods, len(ready) - len(pods), bool(self.current) and not ready and hopeless)

    def _starves(self, seen: PodObservation, model: str) -> bool:
        """It waits for a version with which it is to start, and the store does not have that."""
        committed = self.committed_model(model)
        lacking = unfetchable(seen.fetches.get(model), seen.name)
        if committed is None or not isinstance(committed.policy, Specific):
            return False
        return not lacking.keys().isdisjoint(committed.policy.versions)


@dataclass(frozen=True)
class PassResult:
    """Where a pass has come to. `taken` has every step of each model, in order, beginning with the one before."""

    aspired: ModelServerConfig
    sight: Observed
    steps: Steps
    taken: Mapping[str, Sequence[Memory]]
    limits: Limits
    now: float
    trouble: ApplyFailure | None
    pushed: Pushed


class Rollouts:
    """Raises ClusterError when the API server could not be used: then no pod was told anything."""

    def __init__(
        self,
        cache: Cache,
        settings: Settings,
        children: Children,
        observer: Observer,
        pusher: Pusher,
        fetchers: Fetchers,
        retry_seconds: float = 60.0,
        clock: Callable[[], float] = time.time,
        kind_available: Callable[[str], bool] = lambda kind: True,
    ) -> None:
        self._cache = cache
        self._settings = settings
        self._children = children
        self._observer = observer
        self._pusher = pusher
        self._fetchers = fetchers
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._kind_available = kind_available

    def forget(self, key: TFModelKey) -> None:
        self._children.forget(key)
        self._observer.forget(key)
        self._pusher.forget(key)
        self._fetchers.forget(key)

    async def advance(self, key: TFModelKey, tfmodel: TFModel, memories: Mapping[str, Memory]) -> PassResult:
        """As far as it goes now, from what the status remembers."""
        aspired, limits = aspired_config(key.name, tfmodel.spec), self._limits(tfmodel)
        taken = {model.name: [memories.get(model.name, Memory())] for model in aspired.models}
        for _ in range(MAX_ROUNDS):
            sight = await self._look(key, tfmodel, aspired)
            now = self._clock()
            steps = {
                model.name: decide(_facts(model, sight, taken[model.name][-1], limits, now)) for model in aspired.models
            }
            trouble = await self._commit(key, tfmodel, aspired, sight, steps)
            held_up = trouble is not None and trouble.blocking
            for name, step in steps.items():
                _note(name, taken[name], step, quietly=held_up)
            pushed = await self._tell(key, aspired, sight, steps)
            if not pushed.told and (held_up or self.committed(key) == sight.committed):
                break
        return PassResult(aspired, sight, steps, taken, limits, now, trouble, pushed)

    def committed(self, key: TFModelKey) -> ModelServerConfig | None:
        """What the live ConfigMap holds; None when there is none of ours, or it is unreadable."""
        live = self._cache.get("ConfigMap", key.namespace, config_map_name(key.name))
        owner, tfmodel = controller_of(live) if live else None, self._cache.get(TFMODEL, *key)
        if live is None or owner is None or tfmodel is None or owner["uid"] != tfmodel["metadata"]["uid"]:
            return None
        return from_annotation((live["metadata"].get("annotations") or {}).get(COMMITTED_ANNOTATION, ""))

    def _limits(self, tfmodel: TFModel) -> Limits:
        rollout = tfmodel.spec.rollout
        return Limits(rollout.load_timeout_seconds, rollout.bake_seconds, back_off=self._retry_seconds)

    async def _look(self, key: TFModelKey, tfmodel: TFModel, aspired: ModelServerConfig) -> Observed:
        committed, digest = self.committed(key), models_digest(aspired)
        before = {model.name: model for model in committed.models} if committed else {}
        asked = {model.name: labels_to_query(model, before.get(model.name)) for model in aspired.models}
        pods = tuple(living_pods(self._cache.pods_of(*key), tfmodel.spec.gpus))
        current = [pod for pod in pods if pod.models_digest == digest]
        observations, reports = await asyncio.gather(
            self._observer.observe(key, pods, asked), self._order(key, tfmodel, current, committed, aspired)
        )
        seen = tuple(_with_report(observation, reports.get(observation.name)) for observation in observations)
        pairs = zip(pods, seen, strict=True)
        current_pairs = tuple(pair for pair in pairs if pair[0] in current)
        return Observed(committed, pods, seen, current_pairs, self._surge(key, tfmodel, pods))

    def _surge(self, key: TFModelKey, tfmodel: TFModel, pods: Sequence[PodFacts]) -> Surge:
        found = deployment.facts(self._cache.get("Deployment", *key))
        patience = tfmodel.spec.rollout.surge_timeout_seconds
        return surge(tfmodel.spec.gpus, found, pods, patience, self._clock())

    async def _order(
        self,
        key: TFModelKey,
        tfmodel: TFModel,
        pods: Sequence[PodFacts],
        committed: ModelServerConfig | None,
        aspired: ModelServerConfig,
    ) -> Mapping[str, Answer]:
        """To the fetchers of all pods that run the wanted models, also of those that are not ready yet."""
        found = remotes(key.name, tfmodel.spec)
        if not found or committed is None:
            return {}
        interval = tfmodel.spec.storage.poll_interval_seconds
        return await self._fetchers.tell(key, pods, order(found, committed, aspired, interval))

    async def _commit(
        self, key: TFModelKey, tfmodel: TFModel, aspired: ModelServerConfig, sight: Observed, steps: Steps
    ) -> ApplyFailure | None:
        """Brings all children in line; the ConfigMap is one of them, and written in one request. Pods that cannot come
        up are replaced when there is something better for them, since they read it only at their start."""
        committed = committed_after(aspired, sight.committed, steps)
        if committed is None:
            return None
        live = self._cache.get("Deployment", *key)
        attempt = attempt_of(live)
        if sight.current and any(step.replace_pods for step in steps.values()):
            attempt = attempt_for(tfmodel, committed)
        turn = self._renewal(tfmodel, sight) or renewal_of(live)
        settings = pinned_settings(live, tfmodel, committed, self._settings, attempt, turn)
        manifests = children(tfmodel, committed, settings, attempt, turn, surge=sight.surge.allowed)
        return await self._children.reconcile(
            tfmodel, [each for each in manifests if self._kind_available(each["kind"])]
        )

    def _renewal(self, tfmodel: TFModel, sight: Observed) -> str | None:
        """Due when a certificate of some pod nears its end."""
        if tfmodel.spec.server.tls is None:
            return None
        return renewal((pod.certificate for pod in sight.pods if pod.certificate), self._clock())

    async def _tell(self, key: TFModelKey, aspired: ModelServerConfig, sight: Observed, steps: Steps) -> Pushed:
        """Nothing, when the ConfigMap does not hold what the steps need: a pod that restarts would be lost."""
        committed = self.committed(key)
        if committed is None or committed != committed_after(aspired, committed, steps):
            return Pushed(told=0, settled=False, problem=None)
        orders = [told for pod, seen in sight.answering if (told := _server_order(pod, seen, steps)) is not None]
        return await self._pusher.push(key, sight.pods, orders)


def _facts(model: ModelConfig, sight: Observed, memory: Memory, limits: Limits, now: float) -> Facts:
    return Facts(model, sight.committed_model(model.name), sight.fleet(model.name), memory, limits, now)


def _pod(pod: PodFacts, seen: PodObservation, model: str) -> Pod:
    report = seen.fetches.get(model)
    return Pod(
        name=pod.name,
        observed=seen.model(model),
        ready_at=pod.ready_at,
        arriving=arriving(report, pod.name),
        unfetchable=unfetchable(report, pod.name),
        fetched=fetched(report),
    )


def _with_report(seen: PodObservation, answer: Answer | None) -> PodObservation:
    if isinstance(answer, FetchReport):
        return replace(seen, fetches=answer.models)
    return replace(seen, unreported=str(answer)) if answer is not None else seen


def _server_order(pod: PodFacts, seen: PodObservation, steps: Steps) -> Order | None:
    config = server_config(steps, {name: _pod(pod, seen, name) for name in steps})
    return Order(pod, config, settled(config, seen.models)) if config is not None else None


def _note(name: str, taken: list[Memory], step: Step, *, quietly: bool) -> None:
    """One log line for each step that is new."""
    if (taken[-1].action, taken[-1].spec_hash) == (step.memory.action, step.memory.spec_hash):
        taken[-1] = step.memory
        return
    taken.append(step.memory)
    if not quietly:
        log.info("model %s: %s: %s", name, step.action, step.message)

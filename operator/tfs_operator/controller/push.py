"""Tells each ready model server its next configuration, when it has not been told already."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tfs_operator.api.conditions import Reason
from tfs_operator.controller.key import TFModelKey
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.domain.observation import PodObservation, Problem
from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.reload import next_config, settled
from tfs_operator.render.deployment import models_digest
from tfs_operator.render.ports import GRPC_PORT
from tfs_operator.serving.errors import ModelServerUnreachable, ReloadRefused
from tfs_operator.serving.reload import ReloadClient

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 10.0


@dataclass(frozen=True)
class _Told:
    """What a server was told last; `problem` when it said no."""

    incarnation: str
    config: ModelServerConfig
    at: float
    problem: Problem | None


@dataclass(frozen=True)
class Pushed:
    """What came of it: whether every pod shows the wanted configuration, and the first refusal."""

    settled: bool
    problem: Problem | None


class Pusher:
    """Remembers what each server was told, only to save repetition: whoever forgets it tells it once more."""

    def __init__(
        self, client: ReloadClient, repeat_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._repeat_seconds = repeat_seconds
        self._clock = clock
        self._told: dict[TFModelKey, dict[str, _Told]] = {}

    def forget(self, key: TFModelKey) -> None:
        """Drops what is remembered of a TFModel that is gone."""
        self._told.pop(key, None)

    async def push(
        self,
        key: TFModelKey,
        wanted: ModelServerConfig,
        pods: Sequence[PodFacts],
        observations: Sequence[PodObservation],
    ) -> Pushed:
        """Pods that run other models are being replaced, and told nothing."""
        digest = models_digest(wanted)
        pairs = [
            (pod, observation)
            for pod, observation in zip(pods, observations, strict=True)
            if observation.models and pod.models_digest == digest
        ]
        told = self._told.get(key, {})
        self._told[key] = {pod.name: told[pod.name] for pod, _ in pairs if pod.name in told}
        results = await asyncio.gather(*(self._push_pod(key, wanted, *pair) for pair in pairs))
        problems = [entry.problem for entry in self._told[key].values() if entry.problem]
        return Pushed(settled=all(results), problem=next(iter(problems), None))

    async def _push_pod(
        self, key: TFModelKey, wanted: ModelServerConfig, pod: PodFacts, observation: PodObservation
    ) -> bool:
        """Whether the pod had been told everything already, and its answers show it."""
        config = next_config(wanted, observation.models)
        is_settled = settled(config, observation.models)
        if self._is_told(key, pod, config, is_settled):
            return is_settled and config == wanted
        problem = await self._reload(key, pod, config)
        self._told[key][pod.name] = _Told(pod.incarnation, config, self._clock(), problem)
        return False

    def _is_told(self, key: TFModelKey, pod: PodFacts, config: ModelServerConfig, is_settled: bool) -> bool:
        """Told again, slowly, while the pod's answers do not show it: somebody else may have told it otherwise."""
        told = self._told[key].get(pod.name)
        if told is None or (told.incarnation, told.config) != (pod.incarnation, config):
            return False
        return (is_settled and told.problem is None) or self._clock() - told.at < self._repeat_seconds

    async def _reload(self, key: TFModelKey, pod: PodFacts, config: ModelServerConfig) -> Problem | None:
        try:
            await self._client.reload(pod.address, GRPC_PORT, config, DEADLINE_SECONDS)
        except ReloadRefused as error:
            log.warning("%s: pod %s refused its configuration: %s", key, pod.name, error)
            return Problem(Reason.RELOAD_REFUSED, f"pod {pod.name} refused its configuration: {error}")
        except ModelServerUnreachable as error:
            log.warning("%s: pod %s took no configuration: %s", key, pod.name, error)
            return Problem(Reason.MODEL_SERVER_UNREACHABLE, f"pod {pod.name} took no configuration: {error}")
        log.info("%s: pod %s took its configuration", key, pod.name)
        return None

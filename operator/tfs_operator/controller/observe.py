"""Asks every ready pod for its versions and labels, all at once; one that is silent holds up only itself."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.domain.observation import ModelObservation, PodObservation, Problem
from tfs_operator.domain.pods import PodFacts, facts
from tfs_operator.render.deployment import MODELS_DIGEST_ANNOTATION
from tfs_operator.render.ports import REST_PORT
from tfs_operator.serving.errors import ModelServerUnreachable
from tfs_operator.serving.rest import ModelStatusClient


def living_pods(pods: Sequence[Mapping[str, Any]]) -> list[PodFacts]:
    """Pods that are not on their way out."""
    known = [facts(dict(pod), MODELS_DIGEST_ANNOTATION) for pod in pods]
    return [pod for pod in known if not pod.terminating]


async def observe(
    client: ModelStatusClient, pods: Sequence[PodFacts], config: ModelServerConfig
) -> tuple[PodObservation, ...]:
    """One observation a pod, in the order of `pods`."""
    return tuple(await asyncio.gather(*(_observe_pod(client, pod, config) for pod in pods)))


async def _observe_pod(client: ModelStatusClient, pod: PodFacts, config: ModelServerConfig) -> PodObservation:
    if not pod.ready or not pod.address:
        return PodObservation(pod.name, ready=False, problem=pod.problem)
    try:
        models = await _models(client, pod.address, config)
    except ModelServerUnreachable as error:
        problem = Problem(
            Reason.MODEL_SERVER_UNREACHABLE, f"pod {pod.name} is ready but does not answer the operator: {error}"
        )
        return PodObservation(pod.name, ready=True, problem=problem)
    return PodObservation(pod.name, ready=True, models=models)


async def _models(client: ModelStatusClient, address: str, config: ModelServerConfig) -> dict[str, ModelObservation]:
    answers = await asyncio.gather(
        *(client.observe(address, REST_PORT, model.name, model.labels) for model in config.models)
    )
    return {model.name: answer for model, answer in zip(config.models, answers, strict=True)}

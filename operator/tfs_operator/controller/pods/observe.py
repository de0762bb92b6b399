"""Queries every ready pod for its versions and labels, all at once; a slow or silent one delays only itself."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tfs_operator.api.conditions import Reason
from tfs_operator.controller.pods.calls import PATIENCE_SECONDS, Call, Calls
from tfs_operator.domain.observation import ModelObservation, PodObservation, Problem
from tfs_operator.domain.pods import PodFacts, facts, is_dead
from tfs_operator.render.deployment import MODELS_DIGEST_ANNOTATION
from tfs_operator.render.ports import REST_PORT
from tfs_operator.serving.errors import ModelServerUnreachable
from tfs_operator.serving.rest import ModelStatusClient

Labels = Mapping[str, Sequence[str]]
"""By model, the labels whose versions are asked for."""


def living_pods(pods: Sequence[Mapping[str, Any]], gpus: int = 0) -> list[PodFacts]:
    """Returns pods that are neither terminating nor dead; each requests `gpus`."""
    known = [facts(dict(pod), MODELS_DIGEST_ANNOTATION, gpus) for pod in pods if not is_dead(dict(pod))]
    return [pod for pod in known if not pod.terminating]


class _Answer(NamedTuple):
    """What one server process was asked for, and what it answered."""

    asked: Labels
    observation: PodObservation


class Observer:
    """Queries the pods of one TFModel. Remembers the last answer of each, for the moments in which it is slow; `wake`
    is called when an answer has come late."""

    def __init__(
        self, client: ModelStatusClient, wake: Callable[[], None], patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._client = client
        self._patience_seconds = patience_seconds
        self._calls: Calls[_Answer] = Calls(wake, patience_seconds)
        self._last: dict[str, PodObservation] = {}

    def close(self) -> None:
        """Cancels the open calls."""
        self._calls.close()

    async def observe(self, pods: Sequence[PodFacts], asked: Labels) -> tuple[PodObservation, ...]:
        """Returns one observation a pod, in the order of `pods`."""
        ready = {pod.name: pod.incarnation for pod in pods if pod.ready}
        self._calls.keep(ready)
        self._last = {name: last for name, last in self._last.items() if name in ready}
        for pod in pods:
            if pod.ready and pod.address and not self._calls.is_open(pod.name):
                self._ask(pod, asked)
        await self._calls.wait()
        return tuple(self._observation(pod) for pod in pods)

    def _ask(self, pod: PodFacts, asked: Labels) -> None:
        """A pod that was silent the last time is not waited for until it has answered; and it is queried after a
        pause, since a refusal may come at once, and wakes."""
        before = self._calls.get(pod.name)
        if before is not None and self._counts(before, asked):
            before.in_time = True
            return
        silent = before is not None and self._take(pod).problem is not None
        pause = self._patience_seconds if silent else 0.0
        self._calls.start(pod.name, pod.incarnation, _answer(self._client, pod, asked, pause), awaited=not silent)

    def _counts(self, call: Call[_Answer], asked: Labels) -> bool:
        """A late answer that has just come is as good as one in time: else a pod that is always late is never heard."""
        since = asyncio.get_running_loop().time() - self._patience_seconds
        if call.ended_late_at < since:
            return False
        answer = call.task.result()
        return answer.asked == asked and answer.observation.problem is None

    def _take(self, pod: PodFacts) -> PodObservation:
        answer = self._calls.take(pod.name)
        assert answer is not None
        self._last[pod.name] = answer.observation
        return answer.observation

    def _observation(self, pod: PodFacts) -> PodObservation:
        call = self._calls.get(pod.name)
        if call is None:
            return PodObservation(pod.name, ready=False, problem=pod.problem)
        if call.in_time:
            return self._take(pod)
        last = self._last.get(pod.name)
        return replace(last, stale=True) if last else _silent(pod, f"not within {self._patience_seconds:.0f} s")


async def _answer(client: ModelStatusClient, pod: PodFacts, asked: Labels, pause: float) -> _Answer:
    await asyncio.sleep(pause)
    try:
        models = await _models(client, pod.address, asked)
    except ModelServerUnreachable as error:
        return _Answer(asked, _silent(pod, str(error)))
    return _Answer(asked, PodObservation(pod.name, ready=True, models=models))


def _silent(pod: PodFacts, why: str) -> PodObservation:
    words = f"pod {pod.name} is ready but does not answer the operator: {why}"
    return PodObservation(pod.name, ready=True, problem=Problem(Reason.MODEL_SERVER_UNREACHABLE, words))


async def _models(client: ModelStatusClient, address: str, asked: Labels) -> dict[str, ModelObservation]:
    answers = await asyncio.gather(*(client.observe(address, REST_PORT, *question) for question in asked.items()))
    return dict(zip(asked, answers, strict=True))

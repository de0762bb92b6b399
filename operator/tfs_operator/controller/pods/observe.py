"""Asks every ready pod for its versions and labels, all at once; one that is slow or silent holds up only itself."""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tfs_operator.api.conditions import Reason
from tfs_operator.controller.key import TFModelKey
from tfs_operator.domain.observation import ModelObservation, PodObservation, Problem
from tfs_operator.domain.pods import PodFacts, facts
from tfs_operator.render.deployment import MODELS_DIGEST_ANNOTATION
from tfs_operator.render.ports import REST_PORT
from tfs_operator.serving.errors import ModelServerUnreachable
from tfs_operator.serving.rest import ModelStatusClient

PATIENCE_SECONDS = 1.0
"""For how long a pass waits for an answer. The question itself goes on for as long as the client lets it."""

Labels = Mapping[str, Sequence[str]]
"""By model, the labels whose answers are wanted."""


def living_pods(pods: Sequence[Mapping[str, Any]], gpus: int = 0) -> list[PodFacts]:
    """Pods that are not on their way out; each asks for `gpus`."""
    known = [facts(dict(pod), MODELS_DIGEST_ANNOTATION, gpus) for pod in pods]
    return [pod for pod in known if not pod.terminating]


@dataclass
class _Question:
    """To one server process. `late`: its answer was not there in time, and nobody waits for it any more."""

    incarnation: str
    asked: Labels
    task: "asyncio.Task[PodObservation]"
    late: bool = False
    came_late_at: float = -math.inf

    def counts(self, asked: Labels, since: float) -> bool:
        """A late answer that has just come is as good as one in time: else a pod that is always late is never heard."""
        return self.asked == asked and self.came_late_at >= since and self.task.result().problem is None


class Observer:
    """Remembers what each pod said last, for the moments in which it is slow; `wake` is told of a late answer."""

    def __init__(
        self,
        client: ModelStatusClient,
        wake: Callable[[TFModelKey], None],
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._client = client
        self._wake = wake
        self._patience_seconds = patience_seconds
        self._questions: dict[TFModelKey, dict[str, _Question]] = {}
        self._last: dict[TFModelKey, dict[str, PodObservation]] = {}

    def forget(self, key: TFModelKey) -> None:
        """Drops what is remembered of a TFModel that is gone, and its questions."""
        self._last.pop(key, None)
        for question in self._questions.pop(key, {}).values():
            question.task.cancel()

    async def observe(self, key: TFModelKey, pods: Sequence[PodFacts], asked: Labels) -> tuple[PodObservation, ...]:
        """One observation a pod, in the order of `pods`."""
        questions = self._of_these(key, pods)
        for pod in pods:
            if pod.ready and pod.address:
                self._ask(key, questions, pod, asked)
        awaited = [question.task for question in questions.values() if not question.late]
        if awaited:
            await asyncio.wait(awaited, timeout=self._patience_seconds)
        return tuple(self._observation(key, questions, pod) for pod in pods)

    def _of_these(self, key: TFModelKey, pods: Sequence[PodFacts]) -> dict[str, _Question]:
        """The open questions, without those to processes that are gone."""
        asked = {pod.name: pod.incarnation for pod in pods if pod.ready}
        open_ = self._questions.setdefault(key, {})
        for name in [name for name, question in open_.items() if asked.get(name) != question.incarnation]:
            open_.pop(name).task.cancel()
        last = self._last.get(key, {})
        self._last[key] = {name: last[name] for name in asked if name in last}
        return open_

    def _ask(self, key: TFModelKey, questions: dict[str, _Question], pod: PodFacts, asked: Labels) -> None:
        """Nobody waits for a pod that was silent the last time, until it has spoken again; it is asked after a pause,
        since a refusal may come at once, and wakes."""
        before = questions.get(pod.name)
        if before is not None and not before.task.done():
            return
        if before is not None and before.counts(asked, asyncio.get_running_loop().time() - self._patience_seconds):
            before.late = False
            return
        questions.pop(pod.name, None)
        silent = before is not None and self._take(key, pod, before).problem is not None
        task = asyncio.create_task(_answer(self._client, pod, asked, self._patience_seconds if silent else 0.0))
        question = questions[pod.name] = _Question(pod.incarnation, asked, task, late=silent)
        if silent:
            self._wake_by(key, question)

    def _wake_by(self, key: TFModelKey, question: _Question) -> None:
        """A question that is taken back has no answer."""

        def came(task: "asyncio.Task[PodObservation]") -> None:
            if not task.cancelled():
                question.came_late_at = asyncio.get_running_loop().time()
                self._wake(key)

        question.task.add_done_callback(came)

    def _take(self, key: TFModelKey, pod: PodFacts, question: _Question) -> PodObservation:
        answer = self._last[key][pod.name] = question.task.result()
        return answer

    def _observation(self, key: TFModelKey, questions: dict[str, _Question], pod: PodFacts) -> PodObservation:
        question = questions.get(pod.name)
        if question is None:
            return PodObservation(pod.name, ready=False, problem=pod.problem)
        if question.task.done() and not question.late:
            del questions[pod.name]
            return self._take(key, pod, question)
        if not question.late:
            question.late = True
            self._wake_by(key, question)
        return self._meanwhile(key, pod)

    def _meanwhile(self, key: TFModelKey, pod: PodFacts) -> PodObservation:
        last = self._last[key].get(pod.name)
        return replace(last, stale=True) if last else _silent(pod, f"not within {self._patience_seconds:.0f} s")


async def _answer(client: ModelStatusClient, pod: PodFacts, asked: Labels, pause: float) -> PodObservation:
    await asyncio.sleep(pause)
    try:
        return PodObservation(pod.name, ready=True, models=await _models(client, pod.address, asked))
    except ModelServerUnreachable as error:
        return _silent(pod, str(error))


def _silent(pod: PodFacts, why: str) -> PodObservation:
    words = f"pod {pod.name} is ready but does not answer the operator: {why}"
    return PodObservation(pod.name, ready=True, problem=Problem(Reason.MODEL_SERVER_UNREACHABLE, words))


async def _models(client: ModelStatusClient, address: str, asked: Labels) -> dict[str, ModelObservation]:
    answers = await asyncio.gather(*(client.observe(address, REST_PORT, *question) for question in asked.items()))
    return dict(zip(asked, answers, strict=True))

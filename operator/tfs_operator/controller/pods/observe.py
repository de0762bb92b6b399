"""Queries every pod whose server runs for its versions and labels, all at once; a slow or silent one delays only
itself.

A pod that is not ready may answer: its server has lost a version, or comes up, or its node is cut off. It is queried
like a ready one once it has answered. Until then it is queried apart from the passes, less and less often.
"""

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from tfs_operator.api.conditions import Reason
from tfs_operator.controller.pods.calls import PATIENCE_SECONDS, Call, Calls
from tfs_operator.domain.backoff import delay
from tfs_operator.domain.observation import ModelObservation, PodObservation, Problem
from tfs_operator.domain.pods import PodFacts, facts, is_dead
from tfs_operator.render.deployment import MODELS_DIGEST_ANNOTATION
from tfs_operator.render.ports import REST_PORT
from tfs_operator.serving.errors import ModelServerUnreachable
from tfs_operator.serving.rest import ModelStatusClient

Labels = Mapping[str, Sequence[str]]
"""By model, the labels whose versions are asked for."""


_MOST_PAUSES = 10
"""The longest pause between two queries of a server that does not answer yet, in patiences."""


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
        self._answered: dict[str, str] = {}
        """By pod, the incarnation that has answered, unless it was silent since."""

        self._awaiting_first: set[str] = set()
        """Pods that are not ready, and are queried until they answer."""

    def close(self) -> None:
        """Cancels the open calls."""
        self._calls.close()

    async def observe(self, pods: Sequence[PodFacts], asked: Labels) -> tuple[PodObservation, ...]:
        """Returns one observation a pod, in the order of `pods`."""
        queried = {pod.name: pod.incarnation for pod in pods if pod.ready or pod.running}
        self._calls.keep(queried)
        self._last = {name: last for name, last in self._last.items() if name in queried}
        self._answered = {name: process for name, process in self._answered.items() if queried.get(name) == process}
        self._awaiting_first &= queried.keys()
        for pod in pods:
            if pod.name in queried and pod.address:
                self._ask_once(pod, asked)
        await self._calls.wait()
        return tuple(self._observation(pod) for pod in pods)

    def _ask_once(self, pod: PodFacts, asked: Labels) -> None:
        """Asks unless a call is open. A pod that has become ready is not left to the pauses of one that was not."""
        if pod.ready and pod.name in self._awaiting_first:
            self._awaiting_first.remove(pod.name)
            self._calls.drop(pod.name)
        if not self._calls.is_open(pod.name):
            self._ask(pod, asked)

    def _ask(self, pod: PodFacts, asked: Labels) -> None:
        """A pod that was silent the last time is not waited for until it has answered; and it is queried after a
        pause, since a refusal may come at once, and wakes. One that is not ready wakes only by an answer."""
        before = self._calls.get(pod.name)
        if before is not None and self._counts(before, asked):
            before.in_time = True
            return
        silent = before is not None and self._take(pod).problem is not None
        if pod.ready or self._answered.get(pod.name) == pod.incarnation:
            pause = self._patience_seconds if silent else 0.0
            self._calls.start(pod.name, pod.incarnation, self._answer(pod, asked, pause), awaited=not silent)
        else:
            self._awaiting_first.add(pod.name)
            answer = self._first_answer(pod, asked, failures=int(silent))
            self._calls.start(pod.name, pod.incarnation, answer, awaited=False)

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
        if answer.observation.problem is None:
            self._answered[pod.name] = pod.incarnation
        else:
            self._answered.pop(pod.name, None)
        return answer.observation

    async def _answer(self, pod: PodFacts, asked: Labels, pause: float) -> _Answer:
        await asyncio.sleep(pause)
        try:
            models = await _models(self._client, pod.address, asked)
        except ModelServerUnreachable as error:
            return _Answer(asked, _silent(pod, str(error)))
        return _Answer(asked, PodObservation(pod.name, ready=True, models=models))

    async def _first_answer(self, pod: PodFacts, asked: Labels, failures: int) -> _Answer:
        """Asks with growing pauses until the pod answers. An attempt has a patience, however long its client would
        wait: a node that is lost takes many pods with it, and all share the client's connections."""
        for failed in itertools.count(failures):
            await asyncio.sleep(delay(failed, self._patience_seconds, _MOST_PAUSES * self._patience_seconds))
            with suppress(ModelServerUnreachable, TimeoutError):
                async with asyncio.timeout(self._patience_seconds):
                    models = await _models(self._client, pod.address, asked)
                return _Answer(asked, PodObservation(pod.name, ready=True, models=models))
        raise AssertionError("the attempts never end")

    def _observation(self, pod: PodFacts) -> PodObservation:
        call = self._calls.get(pod.name)
        if call is None:
            return PodObservation(pod.name, ready=False, problem=pod.problem)
        seen = self._seen(pod, call)
        return seen if pod.ready else _unready(pod, seen)

    def _seen(self, pod: PodFacts, call: Call[_Answer]) -> PodObservation:
        if call.in_time:
            return self._take(pod)
        last = self._last.get(pod.name)
        return replace(last, stale=True) if last else _silent(pod, f"not within {self._patience_seconds:.0f} s")


def _unready(pod: PodFacts, seen: PodObservation) -> PodObservation:
    """Without an answer of now it counts as one that was not asked."""
    if not seen.answered:
        return PodObservation(pod.name, ready=False, problem=pod.problem)
    return replace(seen, ready=False, problem=pod.problem, answered_unready=True)


def _silent(pod: PodFacts, why: str) -> PodObservation:
    words = f"pod {pod.name} is ready but does not answer the operator: {why}"
    return PodObservation(pod.name, ready=True, problem=Problem(Reason.MODEL_SERVER_UNREACHABLE, words))


async def _models(client: ModelStatusClient, address: str, asked: Labels) -> dict[str, ModelObservation]:
    answers = await asyncio.gather(*(client.observe(address, REST_PORT, *question) for question in asked.items()))
    return dict(zip(asked, answers, strict=True))

"""Asks one version on one pod all that a question has, one request after the other, until one shows that it is bad.

Its signatures are compared first, then come the requests of rollout.verify, then those that are made up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from tfs_operator.domain.verification import (
    Answer,
    Outcome,
    PredictRequest,
    Probed,
    Signature,
    UserRequest,
    concluded,
    differences,
    expectations,
    judge,
    made_up,
    of_requests,
    told,
)
from tfs_operator.planning.plan import ProbeOrder
from tfs_operator.render.ports import REST_PORT
from tfs_operator.serving.errors import ModelServerUnreachable, VersionNotServed
from tfs_operator.serving.predict import PredictClient

_PAUSE_SECONDS = 1.0
"""Before a server is asked again that could not be reached, or was too busy."""

T = TypeVar("T")


async def interview(client: PredictClient, order: ProbeOrder, deadline_seconds: float) -> Probed:
    """Returns what is known once all was asked. `deadline_seconds` is for each request of users, and for all that is
    made up together. Raises no ServingError."""
    asked = _Interview(client, order, deadline_seconds)
    try:
        await asked.run()
    except VersionNotServed as error:
        return Probed(Outcome.UNPROVEN, str(error))
    return asked.probed


class _Interview:
    """The state of one interview: what was found out so far."""

    def __init__(self, client: PredictClient, order: ProbeOrder, deadline_seconds: float) -> None:
        self._client = client
        self._order = order
        self._deadline_seconds = deadline_seconds
        self._required: list[Probed] = []
        self._made_up: dict[str, list[Probed]] = {}
        self._last_failure = ""

    @property
    def probed(self) -> Probed:
        return concluded(self._required, [*map(of_requests, self._made_up.values())])

    async def run(self) -> None:
        """Raises VersionNotServed."""
        question = self._order.question
        if question.against and not question.any_signatures:
            await self._in_time(self._compare_signatures(), _silent)
        for request in question.requests:
            if self.probed.outcome is not Outcome.BAD:
                await self._in_time(self._ask_own(request), partial(expectations.late, request))
        if question.made_up and self.probed.outcome is not Outcome.BAD:
            await self._in_time(self._ask_made_up(), _silent)

    async def _in_time(self, phase: Coroutine[Any, Any, None], otherwise: Callable[[str], Probed]) -> None:
        """Ends the phase at the deadline; it then counts as `otherwise` says of the words."""
        try:
            async with asyncio.timeout(self._deadline_seconds):
                await phase
        except TimeoutError:
            words = f"no answer within {self._deadline_seconds:.0f} s{self._last_failure}"
            self._required.append(otherwise(words))

    # signatures

    async def _compare_signatures(self) -> None:
        new = await self._signatures(self._order.version)
        for present in sorted(self._order.question.against):
            await self._compare(new, present)

    async def _compare(self, new: Mapping[str, Signature], present: int) -> None:
        try:
            found = differences(await self._signatures(present), new)
        except VersionNotServed:
            words = f"its signatures could not be compared with those of version {present}, which is not loaded here"
            self._required.append(Probed(Outcome.UNPROVEN, words))
        else:
            self._required += [Probed(Outcome.BAD, told(found, present))] if found else []

    async def _signatures(self, version: int) -> dict[str, Signature]:
        order = self._order
        return await self._patiently(
            lambda: self._client.signatures(order.pod.address, REST_PORT, order.model, version)
        )

    # requests of rollout.verify

    async def _ask_own(self, request: UserRequest) -> None:
        answer = await self._answered(request.body)
        if expectations.is_gone(answer):
            raise VersionNotServed(f"{request.where}: it is no longer loaded")
        self._required.append(await asyncio.to_thread(expectations.check, request, answer))
        if request.compares and self._required[-1].outcome is Outcome.GOOD:
            self._required.append(await self._compared(request, answer))

    async def _compared(self, request: UserRequest, answer: Answer) -> Probed:
        """With what the first of the versions answers that it would supersede."""
        against = sorted(self._order.question.against)
        if not against:
            words = "there is no version before it with whose answer its own could be compared"
            return expectations.unproven(request, words)
        by_present = await self._answered(request.body, against[-1])
        return await asyncio.to_thread(expectations.compare, request, answer, against[-1], by_present)

    async def _answered(self, body: str, version: int | None = None) -> Answer:
        """Repeats a request for which the server had no room, until the deadline."""
        while expectations.is_busy(answer := await self._predict(body, version)):
            self._last_failure = f" (HTTP {answer.status})"
            await asyncio.sleep(_PAUSE_SECONDS)
        return answer

    # made-up requests

    async def _ask_made_up(self) -> None:
        tried = made_up(await self._signatures(self._order.version))
        for name, requests in tried.requests.items():
            await self._try(name, requests)
        for name, reason in tried.reasons.items():
            self._made_up[name] = [_impossible(f"signature {name}: {reason}")]
        if tried.reason:
            self._made_up[""] = [_impossible(tried.reason)]

    async def _try(self, signature: str, requests: Sequence[PredictRequest]) -> None:
        """Until one is answered with a prediction."""
        answers = self._made_up.setdefault(signature, [])
        for request in requests:
            answer = await self._predict(request.body)
            answers.append(judge(f"a made-up request to signature {signature}", answer))
            if answers[-1].outcome is Outcome.GOOD:
                return

    # calls

    async def _predict(self, body: str, version: int | None = None) -> Answer:
        order = self._order
        asked = order.version if version is None else version
        return await self._patiently(
            lambda: self._client.predict(order.pod.address, REST_PORT, order.model, asked, body)
        )

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Repeats a call that the server did not answer, until the deadline."""
        while True:
            try:
                return await call()
            except ModelServerUnreachable as error:
                self._last_failure = f" ({error})"
                await asyncio.sleep(_PAUSE_SECONDS)


def _silent(words: str) -> Probed:
    return Probed(Outcome.UNPROVEN, words)


def _impossible(words: str) -> Probed:
    return Probed(Outcome.UNPROVEN, f"no request can be made up: {words}")

"""Asks one version on one pod all that a question has, one request after the other, within a deadline."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from tfs_operator.domain.verification import (
    Outcome,
    PredictRequest,
    Probed,
    Signature,
    differences,
    judge,
    made_up,
    of_requests,
    of_signatures,
    told,
)
from tfs_operator.planning.plan import ProbeOrder
from tfs_operator.render.ports import REST_PORT
from tfs_operator.serving.errors import ModelServerUnreachable, VersionNotServed
from tfs_operator.serving.predict import PredictClient

_PAUSE_SECONDS = 1.0
"""Before a server is asked again that could not be reached."""

T = TypeVar("T")


async def interview(client: PredictClient, order: ProbeOrder, deadline_seconds: float) -> Probed:
    """Returns what is known once all was asked, or the time is over. Raises no ServingError."""
    asked = _Interview(client, order)
    try:
        async with asyncio.timeout(deadline_seconds):
            await asked.run()
    except TimeoutError:
        asked.found.append(Probed(Outcome.UNPROVEN, f"no answer within {deadline_seconds:.0f} s{asked.last_failure}"))
    except VersionNotServed as error:
        asked.found.append(Probed(Outcome.UNPROVEN, str(error)))
    return asked.probed


class _Interview:
    """The state of one interview: what was found out so far."""

    def __init__(self, client: PredictClient, order: ProbeOrder) -> None:
        self._client = client
        self._order = order
        self.found: list[Probed] = []
        self._tries: dict[str, list[Probed]] = {}
        self.last_failure = ""

    @property
    def probed(self) -> Probed:
        return of_signatures([*map(of_requests, self._tries.values()), *self.found])

    async def run(self) -> None:
        """Raises VersionNotServed."""
        question = self._order.question
        signatures = await self._signatures(self._order.version)
        if not question.any_signatures:
            for present in sorted(question.against):
                await self._compare(signatures, present)
        if question.made_up:
            await self._ask_made_up(signatures)

    async def _signatures(self, version: int) -> dict[str, Signature]:
        order = self._order
        return await self._patiently(
            lambda: self._client.signatures(order.pod.address, REST_PORT, order.model, version)
        )

    async def _compare(self, new: Mapping[str, Signature], present: int) -> None:
        try:
            found = differences(await self._signatures(present), new)
        except VersionNotServed:
            words = f"its signatures could not be compared with those of version {present}, which is not loaded here"
            self.found.append(Probed(Outcome.UNPROVEN, words))
        else:
            self.found += [Probed(Outcome.BAD, told(found, present))] if found else []

    async def _ask_made_up(self, signatures: dict[str, Signature]) -> None:
        tried = made_up(signatures)
        for name, requests in tried.requests.items():
            await self._try(name, requests)
        reasons = [f"signature {name}: {reason}" for name, reason in tried.reasons.items()]
        for reason in [*reasons, tried.reason]:
            if reason:
                self.found.append(Probed(Outcome.UNPROVEN, f"no request can be made up: {reason}"))

    async def _try(self, signature: str, requests: Sequence[PredictRequest]) -> None:
        """Until one is answered with a prediction."""
        answers = self._tries.setdefault(signature, [])
        for request in requests:
            answers.append(await self._predict(f"a made-up request to signature {signature}", request.body))
            if answers[-1].outcome is Outcome.GOOD:
                return

    async def _predict(self, asked: str, body: str) -> Probed:
        order = self._order
        answer = await self._patiently(
            lambda: self._client.predict(order.pod.address, REST_PORT, order.model, order.version, body)
        )
        return judge(asked, answer)

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Repeats a call that the server did not answer, until the deadline."""
        while True:
            try:
                return await call()
            except ModelServerUnreachable as error:
                self.last_failure = f" ({error})"
                await asyncio.sleep(_PAUSE_SECONDS)

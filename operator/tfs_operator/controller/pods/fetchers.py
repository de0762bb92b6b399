"""Tells the fetchers of all pods what to hold, all at once; one that is silent holds up only itself."""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tfs_operator.controller.key import TFModelKey
from tfs_operator.domain.fetch_protocol import FETCHER_PORT, FetchOrder, FetchReport
from tfs_operator.domain.pods import PodFacts
from tfs_operator.serving.errors import FetcherUnreachable
from tfs_operator.serving.fetch_orders import FetcherClient

PATIENCE_SECONDS = 1.0
"""For how long a pass waits for an answer. The question itself goes on for as long as the client lets it."""

Answer = FetchReport | FetcherUnreachable


@dataclass
class _Conversation:
    """With the fetcher of one pod. `last` is what it said, or why it did not, when a question was last over."""

    address: str
    task: "asyncio.Task[Answer]"
    late: bool = False
    last: Answer | None = None


class Fetchers:
    """Remembers what each fetcher said last, for the moments in which it is slow."""

    def __init__(
        self,
        client: FetcherClient,
        patience_seconds: float = PATIENCE_SECONDS,
        permit: Callable[[], float] = lambda: math.inf,
    ) -> None:
        """`permit` is above 0 for as long as this operator may tell anybody anything."""
        self._client = client
        self._permit = permit
        self._patience_seconds = patience_seconds
        self._known: dict[TFModelKey, dict[str, _Conversation]] = {}

    def forget(self, key: TFModelKey) -> None:
        """Drops what is remembered of a TFModel that is gone."""
        self._keep(key, {})
        self._known.pop(key, None)

    async def tell(self, key: TFModelKey, pods: Sequence[PodFacts], order: FetchOrder) -> Mapping[str, Answer]:
        """By the name of the pod, the answer or why there is none. A pod without an address is left out."""
        reachable = {pod.name: pod.address for pod in pods if pod.address}
        known = self._keep(key, reachable)
        for name, address in reachable.items():
            self._ask(known, name, address, order)
        awaited = [conversation.task for conversation in known.values() if not conversation.late]
        if awaited:
            await asyncio.wait(awaited, timeout=self._patience_seconds)
        return {name: answer for name in reachable if (answer := _heard(known[name])) is not None}

    def _keep(self, key: TFModelKey, reachable: Mapping[str, str]) -> dict[str, _Conversation]:
        """The conversations with these pods; a pod of the same name and another address is another pod."""
        known = self._known.setdefault(key, {})
        for name in [name for name, each in known.items() if reachable.get(name) != each.address]:
            known.pop(name).task.cancel()
        return known

    def _ask(self, known: dict[str, _Conversation], name: str, address: str, order: FetchOrder) -> None:
        """Not while a question is open. Nobody waits for a fetcher that did not answer, until it has spoken again."""
        before = known.get(name)
        if before is not None and not before.task.done():
            before.late = True
            return
        last = before.task.result() if before is not None else None
        task = asyncio.create_task(self._answer(address, order))
        known[name] = _Conversation(address, task, late=isinstance(last, FetcherUnreachable), last=last)

    async def _answer(self, address: str, order: FetchOrder) -> Answer:
        if self._permit() <= 0:
            return FetcherUnreachable(address, FETCHER_PORT, "this operator does not lead")
        try:
            return await self._client.tell(address, order)
        except FetcherUnreachable as error:
            return error


def _heard(conversation: _Conversation) -> Answer | None:
    return conversation.task.result() if conversation.task.done() else conversation.last

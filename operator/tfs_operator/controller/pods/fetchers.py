"""Orders the fetchers of all pods to hold versions, all at once; a silent one delays only itself."""

import math
from collections.abc import Callable, Mapping, Sequence

from tfs_operator.controller.pods.calls import PATIENCE_SECONDS, Calls
from tfs_operator.domain.fetch_protocol import FETCHER_PORT, FetchOrder, FetchReport
from tfs_operator.domain.pods import PodFacts
from tfs_operator.serving.errors import FetcherUnreachable
from tfs_operator.serving.fetch_orders import FetcherClient

Answer = FetchReport | FetcherUnreachable


def _wake_nothing() -> None:
    """A fetcher's report may be late: how far a download is waits for the next pass."""


class Fetchers:
    """Orders those of one TFModel's pods. Remembers the last answer of each, for the moments in which it is slow."""

    def __init__(
        self,
        client: FetcherClient,
        patience_seconds: float = PATIENCE_SECONDS,
        permit: Callable[[], float] = lambda: math.inf,
    ) -> None:
        """`permit` is above 0 while this operator may give orders."""
        self._client = client
        self._permit = permit
        self._calls: Calls[Answer] = Calls(_wake_nothing, patience_seconds)
        self._last: dict[str, Answer | None] = {}

    def close(self) -> None:
        """Cancels the open calls."""
        self._calls.close()

    def listed(self) -> dict[str, frozenset[int]]:
        """Returns, by model, the versions that some pod saw as whole in its last answer."""
        found: dict[str, frozenset[int]] = {}
        for name in self._last:
            answer = self._answer(name)
            for model, report in answer.models.items() if isinstance(answer, FetchReport) else ():
                found[model] = found.get(model, frozenset()) | frozenset(report.listed or ())
        return found

    async def order(self, pods: Sequence[PodFacts], orders: Mapping[str, FetchOrder]) -> Mapping[str, Answer]:
        """Returns by pod its fetcher's report, or why there is none. A pod without an address, or without one of
        `orders`, is left out."""
        reachable = {pod.name: pod.address for pod in pods if pod.address and pod.name in orders}
        self._calls.keep(reachable)
        self._last = {name: last for name, last in self._last.items() if self._calls.get(name) is not None}
        for name, address in reachable.items():
            if not self._calls.is_open(name):
                self._call(name, address, orders[name])
        await self._calls.wait()
        return {name: answer for name in reachable if (answer := self._answer(name)) is not None}

    def _call(self, name: str, address: str, order: FetchOrder) -> None:
        """A fetcher whose last call failed is not waited for, until it has answered."""
        last = self._last[name] = self._calls.take(name)
        awaited = not isinstance(last, FetcherUnreachable)
        self._calls.start(name, address, self._asked(address, order), awaited=awaited)

    def _answer(self, name: str) -> Answer | None:
        call = self._calls.get(name)
        return call.task.result() if call is not None and not call.is_open else self._last.get(name)

    async def _asked(self, address: str, order: FetchOrder) -> Answer:
        if self._permit() <= 0:
            return FetcherUnreachable(address, FETCHER_PORT, "this operator does not lead")
        try:
            return await self._client.tell(address, order)
        except FetcherUnreachable as error:
            return error

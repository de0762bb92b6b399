"""Tells a pod's fetcher what to hold, and hears how far it is: one PUT, the same again and again."""

from pydantic import ValidationError

from tfs_operator.domain.fetch_protocol import FETCHER_PORT, ORDER_PATH, FetchOrder, FetchReport
from tfs_operator.serving.errors import FetcherUnreachable
from tfs_operator.serving.pod_http import PodHttp

MAX_BODY_BYTES = 1024 * 1024
"""Far above a report on 32 models with all their versions."""


class FetcherClient(PodHttp):
    """Gives fetchers their orders."""

    unreachable = FetcherUnreachable

    async def tell(self, host: str, order: FetchOrder, port: int = FETCHER_PORT) -> FetchReport:
        """Raises FetcherUnreachable when there is no usable answer."""
        body = order.model_dump_json().encode()
        answer = await self.request("PUT", host, port, ORDER_PATH, body=body, limit=MAX_BODY_BYTES)
        if answer.status >= 400:
            raise FetcherUnreachable(host, port, f"HTTP {answer.status}")
        if not answer.whole:
            raise FetcherUnreachable(host, port, f"its answer exceeds {MAX_BODY_BYTES} bytes")
        try:
            return FetchReport.model_validate_json(answer.body)
        except ValidationError:
            raise FetcherUnreachable(host, port, "its answer is not a fetcher's report") from None

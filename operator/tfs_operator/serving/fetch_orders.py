"""Tells a pod's fetcher what to hold, and hears how far it is: one PUT, the same again and again."""

from pydantic import ValidationError

from tfs_operator.domain.fetch_protocol import FETCHER_PORT, ORDER_PATH, FetchOrder, FetchReport
from tfs_operator.domain.foreign_json import NotJson, decode
from tfs_operator.serving.errors import FetcherUnreachable
from tfs_operator.serving.pod_http import PodHttp

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Far above a report on 32 models with all their versions."""

_NO_REPORT = "its answer is not a fetcher's report"


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
        return read_report(host, port, answer.body)


def read_report(host: str, port: int, body: bytes) -> FetchReport:
    """Returns the report that `body` is. Raises FetcherUnreachable where it is none."""
    try:
        return FetchReport.model_validate(decode(body))
    except NotJson as error:
        raise FetcherUnreachable(host, port, f"{_NO_REPORT}: it {error}") from None
    except ValidationError as error:
        raise FetcherUnreachable(host, port, f"{_NO_REPORT}: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    """The first field that is wrong, with its path."""
    problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return ": ".join(filter(None, [".".join(map(str, problem["loc"])), problem["msg"]]))

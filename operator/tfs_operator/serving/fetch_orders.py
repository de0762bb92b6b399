"""Tells a pod's fetcher what to hold, and hears how far it is: one PUT, the same again and again."""

import aiohttp
from pydantic import ValidationError
from yarl import URL

from tfs_operator.domain.fetch_protocol import FETCHER_PORT, ORDER_PATH, FetchOrder, FetchReport
from tfs_operator.serving.errors import FetcherUnreachable
from tfs_operator.serving.pod_http import PodHttp, pod_url

MAX_BODY_BYTES = 1024 * 1024
"""Far above a report on 32 models with all their versions."""


class FetcherClient(PodHttp):
    """Gives fetchers their orders."""

    async def tell(self, host: str, order: FetchOrder, port: int = FETCHER_PORT) -> FetchReport:
        """Raises FetcherUnreachable when there is no usable answer."""
        body = order.model_dump_json().encode()
        try:
            return FetchReport.model_validate_json(await self._put(pod_url(host, port, ORDER_PATH), body))
        except TimeoutError:
            raise FetcherUnreachable(host, port, "no answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise FetcherUnreachable(host, port, str(error) or type(error).__name__) from error
        except ValidationError:
            raise FetcherUnreachable(host, port, "its answer is not a fetcher's report") from None

    async def _put(self, url: URL, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        async with self._slots, self._session.put(url, data=body, headers=headers, allow_redirects=False) as response:
            answer = await response.content.read(MAX_BODY_BYTES)
            response.raise_for_status()
            return answer

"""Waits at a pod's agent until its report changes: one request that is answered late, instead of many."""

import aiohttp

from tfs_operator.domain.fetch_protocol import CHANGES_PATH, CHANGES_SECONDS, FETCHER_PORT
from tfs_operator.serving.errors import FetcherUnreachable
from tfs_operator.serving.pod_http import PodHttp, pod_url

MAX_BODY_BYTES = 256
_SLACK_SECONDS = 10.0
_MOST_AT_ONCE = 20_000
"""Each is an idle connection: 20 KiB here, and a file descriptor."""


class ReportChangesClient(PodHttp):
    """Waits at many agents at once, on connections of its own: these are all taken for most of the time."""

    def __init__(self, *, timeout_seconds: float = CHANGES_SECONDS + _SLACK_SECONDS) -> None:
        super().__init__(timeout_seconds=timeout_seconds, max_in_flight=_MOST_AT_ONCE)

    async def revision(self, host: str, seen: str, port: int = FETCHER_PORT) -> str:
        """Returns the revision of the agent's report once it is another one than `seen`, or after a while. Raises
        FetcherUnreachable when there is no usable answer."""
        url = pod_url(host, port, CHANGES_PATH).with_query(seen=seen)
        try:
            async with self._slots, self._session.get(url, allow_redirects=False) as response:
                response.raise_for_status()
                return (await response.content.read(MAX_BODY_BYTES)).decode("ascii")
        except TimeoutError:
            raise FetcherUnreachable(host, port, "no answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise FetcherUnreachable(host, port, str(error) or type(error).__name__) from error
        except UnicodeDecodeError:
            raise FetcherUnreachable(host, port, "its answer is no revision") from None

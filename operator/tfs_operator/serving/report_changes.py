"""Waits at a pod's agent until its report changes: one request that is answered late, instead of many."""

import asyncio
import re

from tfs_operator.domain.fetch_protocol import CHANGES_PATH, CHANGES_SECONDS, FETCHER_PORT
from tfs_operator.serving.errors import FetcherUnreachable
from tfs_operator.serving.pod_http import PodHttp

MAX_BODY_BYTES = 256
_SLACK_SECONDS = 10.0
_TOO_EARLY_SECONDS = 5.0
"""An agent answers that nothing has changed after CHANGES_SECONDS only: one that does it at once would be asked without
a pause."""

_REVISION = re.compile("[0-9A-Za-z._-]{1,64}", re.ASCII)
_MOST_AT_ONCE = 20_000
"""Each is an idle connection: 20 KiB here, and a file descriptor."""


class ReportChangesClient(PodHttp):
    """Waits at many agents at once, on connections of its own: these are all taken for most of the time."""

    unreachable = FetcherUnreachable

    def __init__(self, *, timeout_seconds: float = CHANGES_SECONDS + _SLACK_SECONDS) -> None:
        super().__init__(timeout_seconds=timeout_seconds, max_in_flight=_MOST_AT_ONCE)

    async def revision(self, host: str, seen: str, port: int = FETCHER_PORT) -> str:
        """Returns the revision of the agent's report once it is another one than `seen`, or after a while. Raises
        FetcherUnreachable when there is no usable answer."""
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        answer = await self.request("GET", host, port, CHANGES_PATH, query={"seen": seen}, limit=MAX_BODY_BYTES)
        if answer.status != 200:
            raise FetcherUnreachable(host, port, f"HTTP {answer.status}")
        revision = answer.body.decode("latin-1")
        if not answer.whole or not _REVISION.fullmatch(revision):
            raise FetcherUnreachable(host, port, "its answer is no revision")
        if revision == seen and loop.time() - asked_at < _TOO_EARLY_SECONDS:
            raise FetcherUnreachable(host, port, "it says at once that nothing has changed")
        return revision

"""Watches the pod's model server: notices a new process, and asks it whether it is in step and serves.

A connection to its REST port is kept open, on which nothing is sent: the kernel closes it in the moment in which the
process ends. So one that was started again is noticed, however quick it was.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from yarl import URL

from tfs_operator.domain.fetch_protocol import ExpectedModel, ModelReport
from tfs_operator.fetcher.model_server.client import ModelServerClient
from tfs_operator.fetcher.model_server.in_step import Lag, ModelAnswer, lag, serves_anything
from tfs_operator.fetcher.model_server.readiness import Readiness

log = logging.getLogger(__name__)

ASK_SECONDS = 0.5
"""Between two queries until the server is in step, and between two attempts to connect."""

SERVES_SECONDS = 2.0
"""Between two queries afterwards: whether it still serves."""

_CONNECT_SECONDS = 5.0

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class ServerWatch:
    """Watches one model server. `expected` returns what it should serve now, `reports` what is in place."""

    def __init__(
        self,
        client: ModelServerClient,
        expected: Callable[[], Sequence[ExpectedModel]],
        reports: Callable[[], Mapping[str, ModelReport]],
        readiness: Readiness,
    ) -> None:
        self.alone = False
        """No pod of the TFModel is ready, by the last order."""

        self._client = client
        self._expected = expected
        self._reports = reports
        self._readiness = readiness
        self._url = URL(client.url)

    async def run(self) -> None:
        """Runs for ever. A connection that ends and is there again at once was closed for being idle: a process takes
        longer to start."""
        while True:
            connection: _Connection | None = await self._connected()
            self._readiness.came_up()
            while connection is not None:
                await self._watch(connection)
                connection = await self._once_connected()
            self._readiness.went_down()

    async def _watch(self, connection: _Connection) -> None:
        """Returns once the connection is closed."""
        closed = asyncio.create_task(_until_closed(*connection))
        try:
            while not closed.done():
                await self._ask()
                pause = SERVES_SECONDS if self._readiness.is_latched else ASK_SECONDS
                await asyncio.wait({closed}, timeout=pause)
        finally:
            closed.cancel()

    async def _ask(self) -> None:
        expected = self._expected()
        if not expected:  # from an older operator: nothing is known of what it should serve
            self._readiness.served()
            self._readiness.lags(None)
        elif self._readiness.is_latched:
            await self._ask_whether_it_serves(expected)
        elif (answers := await self._answers(expected)) is not None and serves_anything(answers):
            self._readiness.served()
            self._take(lag(expected, answers, self._reports(), alone=self.alone))

    async def _ask_whether_it_serves(self, expected: Sequence[ExpectedModel]) -> None:
        for model in expected:
            answer = await self._client.answer(model.name, ())
            if answer is not None and serves_anything({model.name: answer}):
                self._readiness.served()
                return

    async def _answers(self, expected: Sequence[ExpectedModel]) -> dict[str, ModelAnswer] | None:
        """None where one of them has not come: half of the answers would look like a label that is not there."""
        found: dict[str, ModelAnswer] = {}
        for model in expected:
            answer = await self._client.answer(model.name, model.labels)
            if answer is None:
                return None
            found[model.name] = answer
        return found

    def _take(self, found: Lag | None) -> None:
        self._readiness.lags(found)
        if self._readiness.is_latched:
            log.info("the model server takes traffic: %s", f"though {found.words}" if found else "it is in step")

    async def _connected(self) -> _Connection:
        while True:
            connection = await self._once_connected()
            if connection is not None:
                return connection
            await asyncio.sleep(ASK_SECONDS)

    async def _once_connected(self) -> _Connection | None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await asyncio.open_connection(self._url.host, self._url.port)
        return None


async def _until_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What the server sends meanwhile is of no interest."""
    try:
        with suppress(OSError):
            while await reader.read(1024):
                pass
    finally:
        writer.close()

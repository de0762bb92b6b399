"""Where the bytes of one part of a file go, from whichever thread they arrive in."""

import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.source import RemoteFile
from tfs_operator.fetcher.core.threads import Stopped, asking
from tfs_operator.fetcher.download.byte_ranges import Span
from tfs_operator.fetcher.download.journal import Journal
from tfs_operator.fetcher.download.partial_files import Incoming
from tfs_operator.fetcher.volume.disk import is_full

WRITE_SECONDS = 600.0
"""For one chunk, on a volume that hangs."""


class Sink:
    """Takes the chunks of a part in order, one thread at a time. Once it is closed nothing is written any more, even
    by a thread that nobody waits for."""

    def __init__(self, what: str, incoming: Incoming, part: Span, record: Journal) -> None:
        """`what` names the version in messages."""
        self._what = what
        self._incoming = incoming
        self._record = record
        self._gate = threading.Lock()
        self._is_open = True
        self._descriptor = incoming.open()
        self.position, self.end = part

    def write(self, chunk: memoryview) -> None:
        """Raises FetchError for a volume that takes no more, and Stopped once closed."""
        with self._gate:
            if not self._is_open:
                raise Stopped
            start, end = self.position, self.position + len(chunk)
            if end > self.end:
                message = f"{self._what}: {self._incoming.file.path}: the store sends more than was asked for"
                raise FetchError(Reason.STORE_ERROR, message)
            try:
                self._incoming.hash(chunk, start)
                _write(self._descriptor, chunk, start)
                self._record.arrived(self._incoming.file, start, end)
            except OSError as error:
                raise disk_problem(error, self._what) from error
            self.position = end

    def check_whole(self) -> None:
        """Raises FetchError where the store has ended early."""
        if self.position < self.end:
            message = (
                f"{self._what}: {self._incoming.file.path}: the store ends early, at {self.position} of {self.end}"
            )
            raise FetchError(Reason.STORE_ERROR, message)

    def close(self) -> None:
        """Waits for a chunk that is being written."""
        with self._gate:
            self._is_open = False
            os.close(self._descriptor)


Receive = Callable[[RemoteFile, int, int, Sink], Awaitable[None]]
"""Brings the bytes of a file from an offset up to and without another into a sink, in order. Raises FetchError; what
may pass (the store is not reached, or has an error) is answered by asking again for what is missing. Has a deadline
of its own for a store that says no more."""

Read = Callable[[RemoteFile, int, int], AsyncGenerator[memoryview, None]]
"""The same as a stream in the event loop, for clients that have no other way."""


def streamed(read: Read) -> Receive:
    async def receive(file: RemoteFile, start: int, end: int, sink: Sink) -> None:
        async with aclosing(read(file, start, end)) as chunks:
            async for chunk in chunks:
                await _written(chunk, sink)

    return receive


async def _written(chunk: memoryview, sink: Sink) -> None:
    """Beside the event loop, since a volume may take its time."""
    await asking(lambda: sink.write(chunk), WRITE_SECONDS)


def disk_problem(error: OSError, what: str) -> FetchError:
    reason = Reason.DISK_FULL if is_full(error) else Reason.STORE_ERROR
    return FetchError(reason, f"{what}: the pod's volume: {error.strerror or error}")


def _write(descriptor: int, chunk: memoryview, position: int) -> None:
    while chunk:
        written = os.pwrite(descriptor, chunk, position)
        chunk, position = chunk[written:], position + written

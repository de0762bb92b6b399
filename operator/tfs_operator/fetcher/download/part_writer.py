"""Writes the bytes of one part of a file, from whichever thread they arrive in."""

import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.source import RemoteFile
from tfs_operator.fetcher.core.threads import Stopped, in_daemon_thread
from tfs_operator.fetcher.download.byte_ranges import ByteRange
from tfs_operator.fetcher.download.journal import Journal
from tfs_operator.fetcher.download.partial_files import PartialFile
from tfs_operator.fetcher.volume.disk import volume_error

WRITE_SECONDS = 600.0
"""For one chunk, on a volume that hangs."""


class PartWriter:
    """Writes the chunks of a part in order, one thread at a time. Once it is closed nothing is written any more, even
    by a thread that was abandoned."""

    def __init__(self, what: str, partial_file: PartialFile, part: ByteRange, record: Journal) -> None:
        """`what` names the version in messages."""
        self._what = what
        self._partial_file = partial_file
        self._record = record
        self._gate = threading.Lock()
        self._is_open = True
        self._descriptor = partial_file.open()
        self.position, self.end = part

    def write(self, chunk: memoryview) -> None:
        """Writes the next chunk. Raises FetchError for a volume that takes no more, and Stopped once closed."""
        with self._gate:
            if not self._is_open:
                raise Stopped
            start, end = self.position, self.position + len(chunk)
            if end > self.end:
                message = f"{self._what}: {self._partial_file.file.path}: the store sends more than was asked for"
                raise FetchError(Reason.STORE_ERROR, message)
            try:
                self._partial_file.hash(chunk, start)
                _write(self._descriptor, chunk, start)
                self._record.arrived(self._partial_file.file, start, end)
            except OSError as error:
                raise volume_error(self._what, error) from error
            self.position = end

    def check_whole(self) -> None:
        """Raises FetchError where the store has ended early."""
        if self.position < self.end:
            message = (
                f"{self._what}: {self._partial_file.file.path}: the store ends early, at {self.position} of {self.end}"
            )
            raise FetchError(Reason.STORE_ERROR, message)

    def close(self) -> None:
        """Waits for a chunk that is being written."""
        with self._gate:
            self._is_open = False
            os.close(self._descriptor)


Receive = Callable[[RemoteFile, int, int, PartWriter], Awaitable[None]]
"""Brings the bytes of a file from an offset up to and without another into a PartWriter, in order. Raises FetchError;
what may pass (the store is not reached, or has an error) is answered by asking again for what is missing. Has a
deadline of its own for a store that says no more."""

Read = Callable[[RemoteFile, int, int], AsyncGenerator[memoryview, None]]
"""The same as a stream in the event loop, for clients that have no other way."""


def streamed(read: Read) -> Receive:
    async def receive(file: RemoteFile, start: int, end: int, writer: PartWriter) -> None:
        async with aclosing(read(file, start, end)) as chunks:
            async for chunk in chunks:
                await _written(chunk, writer)

    return receive


async def _written(chunk: memoryview, writer: PartWriter) -> None:
    """Beside the event loop, since a volume may take its time."""
    await in_daemon_thread(lambda: writer.write(chunk), WRITE_SECONDS)


def _write(descriptor: int, chunk: memoryview, position: int) -> None:
    while chunk:
        written = os.pwrite(descriptor, chunk, position)
        chunk, position = chunk[written:], position + written

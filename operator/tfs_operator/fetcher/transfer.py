"""The download engine: files into a folder, in parallel and resumable, in bounded memory.

Every file is cut into parts; a fixed number of streams takes one part after the other, and writes what arrives where
it belongs. So one large file is as fast as many, and memory is streams times chunk, whatever the size of the model.
Nothing is synced to the disk: see journal.py for what follows from that.
"""

import asyncio
import errno
import logging
import os
import random
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher import journal
from tfs_operator.fetcher.checksum import RunningChecksum, is_certain, vouched
from tfs_operator.fetcher.incoming import Incoming, prepare
from tfs_operator.fetcher.journal import Journal
from tfs_operator.fetcher.problem import FetchError
from tfs_operator.fetcher.source import Progress, RemoteFile
from tfs_operator.fetcher.spans import Span

Read = Callable[[RemoteFile, int, int], AsyncGenerator[memoryview, None]]
"""Yields the bytes of a file from an offset up to and without another, in order. Raises FetchError; what may pass (the
store is not reached, or has an error) is answered by asking again for what is missing. Has a deadline of its own for
a store that says no more."""

P = ParamSpec("P")
T = TypeVar("T")
Job = tuple[Incoming, Span | None]
"""A part to fetch; None: nothing is missing, and only the checksum is to be compared."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How much at once, and how often again. The defaults are measured, see docs/design/fetcher.md."""

    streams: int = 8
    part_bytes: int = 32 << 20
    attempts: int = 4
    """In a row without a byte, for one part, each with the retries of the client library within."""

    backoff_seconds: float = 1.0
    """Before the second attempt; doubles."""


class Transfer:
    """One download of one version. `what` names it in messages: the URI and the version."""

    def __init__(self, what: str, read: Read, into: Path, progress: Progress, pace: Pace | None = None) -> None:
        self._what = what
        self._read = read
        self._into = into
        self._progress = progress
        self._pace = pace or Pace()
        self._pool = ThreadPoolExecutor(self._pace.streams, "fetch")
        self._stop = threading.Event()
        self._again: list[Job] = []
        self._refused: dict[str, str] = {}
        self._etags_are_checksums = True

    async def run(self, files: Sequence[RemoteFile]) -> None:
        """Returns once every file is there, whole and checked. Raises FetchError. What has arrived stays for the next
        run in the same folder, whatever ends this one; no thread writes to the folder any more by then."""
        try:
            with Journal(self._into / journal.NAME, files) as record:
                await self._in_thread(prepare, files, self._into, record)
                await self._drain(files, record)
                record.remove()
        except OSError as error:
            raise disk_problem(error, self._what) from error
        finally:
            self._pool.shutdown()

    async def _drain(self, files: Sequence[RemoteFile], record: Journal) -> None:
        jobs = self._jobs(files, record)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._pace.streams):
                    group.create_task(self._work(jobs, record))
        except BaseExceptionGroup as problems:
            raise problems.exceptions[0] from None

    def _jobs(self, files: Sequence[RemoteFile], record: Journal) -> Iterator[Job]:
        """The smallest file first, since it tells soonest whether the ETags are checksums; then the largest first,
        so that the streams end together."""
        ordered = sorted(files, key=lambda file: file.size, reverse=True)
        for file in [*ordered[-1:], *ordered[:-1]]:
            self._progress(sum(end - start for start, end in record.spans(file)))
            if not record.is_verified(file):
                yield from self._parts(Incoming(file, self._into), record)

    def _parts(self, incoming: Incoming, record: Journal) -> Iterator[Job]:
        parts = incoming.parts(record.spans(incoming.file), self._pace.part_bytes)
        if not parts:
            yield incoming, None
        for part in parts:
            yield incoming, part

    async def _work(self, jobs: Iterator[Job], record: Journal) -> None:
        while job := (self._again.pop() if self._again else next(jobs, None)):
            incoming, part = job
            if part:
                await self._fetch(incoming, part, record)
                incoming.pending -= 1
            await self._check(incoming, record, is_whole=not incoming.pending)

    async def _fetch(self, incoming: Incoming, part: Span, record: Journal) -> None:
        """Goes on where a cut connection left, until the part is there or nothing arrives any more."""
        position, end = part
        failures = 0
        descriptor = incoming.open()
        try:
            while position < end:
                begun = position
                try:
                    async with aclosing(self._read(incoming.file, position, end)) as chunks:
                        async for chunk in chunks:
                            await self._keep(incoming, descriptor, chunk, position)
                            record.arrived(incoming.file, position, position + len(chunk))
                            position += len(chunk)
                            self._progress(len(chunk))
                except FetchError as problem:
                    failures = 1 if position > begun else failures + 1
                    await self._pause(problem, failures)
        finally:
            os.close(descriptor)

    async def _keep(self, incoming: Incoming, descriptor: int, chunk: memoryview, position: int) -> None:
        """What arrives in order is hashed at once, while the processor's cache has it; the rest is read back later."""
        checksum = incoming.checksum
        if checksum is None or checksum.position != position or incoming.hashing.locked():
            await self._in_thread(_write, descriptor, chunk, position)
            return
        async with incoming.hashing:
            await self._in_thread(_write_hashed, descriptor, chunk, position, checksum)

    async def _pause(self, problem: FetchError, failures: int) -> None:
        again = problem.retry and problem.reason in (Reason.STORE_UNREACHABLE, Reason.STORE_ERROR)
        if not again or failures >= self._pace.attempts:
            raise problem
        seconds = self._pace.backoff_seconds * 2 ** (failures - 1) * random.uniform(0.5, 1)
        logger.info("%s; again in %.1f s", problem.message, seconds)
        await asyncio.sleep(seconds)

    async def _check(self, incoming: Incoming, record: Journal, *, is_whole: bool) -> None:
        """Whoever ends a part reads on for the checksum, unless somebody does; who ends the last part compares."""
        checksum = incoming.checksum
        if checksum is None or not (self._etags_are_checksums or is_certain(incoming.file)):
            return
        if incoming.hashing.locked() and not is_whole:
            return
        async with incoming.hashing:
            await self._in_thread(checksum.follow, _reached(record.spans(incoming.file)), self._stop)
            if is_whole:
                self._compare(incoming, checksum.hexdigest(), record)

    def _compare(self, incoming: Incoming, found: str, record: Journal) -> None:
        """Another checksum may be damage, which a second download heals, or no checksum at all, which a second
        download shows: then the same bytes arrive again."""
        file = incoming.file
        if found == vouched(file):
            record.verified(file)
        elif self._refused.get(file.path) != found:
            self._refused[file.path] = found
            record.forget(file)
            incoming.begin_again()
            self._again += self._parts(incoming, record)
        elif is_certain(file):
            kind = "SHA-256" if file.sha256 else "git blob id"
            message = f"{self._what}: {file.path} has the {kind} {found}, and the store says {vouched(file)}"
            raise FetchError(Reason.VERSION_CHANGED, message)
        else:
            self._etags_are_checksums = False
            logger.info("%s: the store's ETags are no MD5 (as with SSE-KMS); sizes are compared only", self._what)

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Disk and hashing, out of the way of the event loop. When cancelled, ends the work first."""
        running = asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._stop.set()
            await asyncio.wait([running])
            raise


def disk_problem(error: OSError, what: str) -> FetchError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    reason = Reason.DISK_FULL if full else Reason.STORE_ERROR
    return FetchError(reason, f"{what}: the pod's volume: {error.strerror or error}")


def _reached(spans: list[Span]) -> int:
    return spans[0][1] if spans and spans[0][0] == 0 else 0


def _write_hashed(descriptor: int, chunk: memoryview, position: int, checksum: RunningChecksum) -> None:
    checksum.update(chunk)
    _write(descriptor, chunk, position)


def _write(descriptor: int, chunk: memoryview, position: int) -> None:
    while chunk:
        written = os.pwrite(descriptor, chunk, position)
        chunk, position = chunk[written:], position + written

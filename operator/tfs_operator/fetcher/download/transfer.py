"""The download engine: files into a folder, in parallel and resumable, in bounded memory.

Every file is cut into parts; a fixed number of streams takes one part after the other, and writes what arrives where
it belongs. So one large file is as fast as many, and memory is streams times chunk, whatever the size of the model.
Nothing is synced to the disk: see journal.py for what follows from that.
"""

import asyncio
import logging
import random
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ParamSpec, TypeVar

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.backoff import delay
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.hidden_files import JOURNAL
from tfs_operator.fetcher.core.progress import Arrived
from tfs_operator.fetcher.core.source import RemoteFile
from tfs_operator.fetcher.download.byte_ranges import ByteRange
from tfs_operator.fetcher.download.checksum import is_certain, vouched
from tfs_operator.fetcher.download.journal import Journal
from tfs_operator.fetcher.download.part_writer import PartWriter, Receive
from tfs_operator.fetcher.download.partial_files import PartialFile, prepare
from tfs_operator.fetcher.volume.disk import volume_error

P = ParamSpec("P")
T = TypeVar("T")
Job = tuple[PartialFile, ByteRange | None]
"""A part to fetch; None: nothing is missing, and only the checksum is to be compared."""

_COUNT_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 60.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tuning:
    """How much is fetched at once, and how often again. The defaults are measured, see docs/design/fetcher.md."""

    streams: int = 8
    part_bytes: int = 32 << 20
    attempts: int = 4
    """In a row without a byte, for one part, each with the retries of the client library within."""

    backoff_seconds: float = 1.0
    """Before the second attempt; doubles."""


class Transfer:
    """Downloads one version once. `what` names it in messages: the URI and the version."""

    def __init__(self, what: str, receive: Receive, into: Path, arrived: Arrived, tuning: Tuning | None = None) -> None:
        self._what = what
        self._receive = receive
        self._into = into
        self._arrived = arrived
        self._tuning = tuning or Tuning()
        self._pool = ThreadPoolExecutor(self._tuning.streams, "fetch")
        self._stop = threading.Event()
        self._jobs_again: list[Job] = []
        self._refused: dict[str, str] = {}
        self._etags_are_checksums = True

    async def run(self, files: Sequence[RemoteFile]) -> None:
        """Returns once every file is there, whole and checked. Raises FetchError. What has arrived stays for the next
        run in the same folder, whatever ends this one, and so does the journal: a version that is whole may still
        fail its checks. No thread writes to the folder any more by then."""
        try:
            with Journal(self._into / JOURNAL, files) as record:
                await self._in_thread(prepare, files, self._into, record)
                await self._drain(files, record)
        except OSError as error:
            raise volume_error(self._what, error) from error
        finally:
            self._pool.shutdown()

    async def _drain(self, files: Sequence[RemoteFile], record: Journal) -> None:
        jobs = self._jobs(files, record)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._tuning.streams):
                    group.create_task(self._work(jobs, record))
        except BaseExceptionGroup as problems:
            raise problems.exceptions[0] from None

    def _jobs(self, files: Sequence[RemoteFile], record: Journal) -> Iterator[Job]:
        """The smallest file first, since it tells soonest whether the ETags are checksums; then the largest first,
        so that the streams end together. Parts of several files in turn: a checksum is one thread's work for each
        file, and so they run side by side."""
        ordered = sorted(files, key=lambda file: file.size, reverse=True)
        waiting = iter([*ordered[-1:], *ordered[:-1]])
        turns = deque(self._of_file(file, record) for file in islice(waiting, self._tuning.streams))
        while turns:
            if job := next(turns[0], None):
                turns.rotate(-1)
                yield job
            else:
                turns.popleft()
                turns.extend(self._of_file(file, record) for file in islice(waiting, 1))

    def _of_file(self, file: RemoteFile, record: Journal) -> Iterator[Job]:
        self._arrived(sum(end - start for start, end in record.ranges(file)))
        if not record.is_verified(file):
            yield from self._parts(PartialFile(file, self._into), record)

    def _parts(self, partial_file: PartialFile, record: Journal) -> Iterator[Job]:
        parts = partial_file.parts(record.ranges(partial_file.file), self._tuning.part_bytes)
        if not parts:
            yield partial_file, None
        for part in parts:
            yield partial_file, part

    async def _work(self, jobs: Iterator[Job], record: Journal) -> None:
        while job := (self._jobs_again.pop() if self._jobs_again else next(jobs, None)):
            partial_file, part = job
            if part:
                await self._fetch(partial_file, part, record)
                partial_file.pending -= 1
            await self._check(partial_file, record, is_whole=not partial_file.pending)

    async def _fetch(self, partial_file: PartialFile, part: ByteRange, record: Journal) -> None:
        """Goes on where a cut connection left, until the part is there or nothing arrives any more."""
        position, end = part
        failures = 0
        while position < end:
            writer = PartWriter(self._what, partial_file, (position, end), record)
            try:
                await self._watched(self._receive(partial_file.file, position, end, writer), writer)
                writer.check_whole()
            except FetchError as problem:
                failures = 1 if writer.position > position else failures + 1
                await self._pause(problem, failures)
            finally:
                # For each attempt anew, so that a thread of the last one that comes late writes nothing.
                writer.close()
            position = writer.position

    async def _watched(self, receiving: Awaitable[None], writer: PartWriter) -> None:
        """Counts the progress now and then, since one call for each chunk is dear."""
        running = asyncio.ensure_future(receiving)
        counted = writer.position
        try:
            while not running.done():
                await asyncio.wait([running], timeout=_COUNT_SECONDS)
                arrived = writer.position
                self._arrived(arrived - counted)
                counted = arrived
        finally:
            running.cancel()
            await asyncio.wait([running])
        running.result()

    async def _pause(self, problem: FetchError, failures: int) -> None:
        again = problem.retry and problem.reason in (Reason.STORE_UNREACHABLE, Reason.STORE_ERROR)
        if not again or failures >= self._tuning.attempts:
            raise problem
        seconds = delay(failures, self._tuning.backoff_seconds, _LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1)
        logger.info("%s; again in %.1f s", problem.message, seconds)
        await asyncio.sleep(seconds)

    async def _check(self, partial_file: PartialFile, record: Journal, *, is_whole: bool) -> None:
        """The stream that ends a part reads on for the checksum, unless another does; the one that ends the last
        compares."""
        checksum = partial_file.checksum
        if checksum is None or not (self._etags_are_checksums or is_certain(partial_file.file)):
            return
        reached = _reached(record.ranges(partial_file.file))
        if checksum.position < reached:
            await self._in_thread(partial_file.follow, reached, self._stop, wait=is_whole)
        if is_whole:
            self._compare(partial_file, checksum.hexdigest(), record)

    def _compare(self, partial_file: PartialFile, found: str, record: Journal) -> None:
        """Another checksum may be damage, which a second download heals, or no checksum at all, which a second
        download shows: then the same bytes arrive again."""
        file = partial_file.file
        if found == vouched(file):
            record.verified(file)
        elif self._refused.get(file.path) != found:
            self._refused[file.path] = found
            record.forget(file)
            partial_file.begin_again()
            self._jobs_again += self._parts(partial_file, record)
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


def _reached(ranges: list[ByteRange]) -> int:
    """How far it is there without a gap."""
    return ranges[0][1] if ranges and ranges[0][0] == 0 else 0

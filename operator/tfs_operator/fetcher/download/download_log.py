"""Logs how far the download of an archive is; no report has it, since the archive's versions are not known yet."""

import logging
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

SECONDS = 10.0

logger = logging.getLogger(__name__)


class DownloadLog:
    """Logs one line at the start of a download, one about every ten seconds, one at the end; called with the bytes
    that have just arrived, it calls `alive` whenever there are any."""

    def __init__(self, uri: str, size: int, alive: Callable[[], None]) -> None:
        self._uri = uri
        self._size = size
        self._alive = alive
        self._arrived = 0
        self._begun = self._said = time.monotonic()

    def __enter__(self) -> Self:
        logger.info("%s: fetching an archive of %d bytes", self._uri, self._size)
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if kind is None:
            logger.info("%s: the archive is here after %.1f s", self._uri, time.monotonic() - self._begun)

    def __call__(self, count: int) -> None:
        self._arrived += count
        if count:
            self._alive()
        if time.monotonic() - self._said >= SECONDS:
            self._said = time.monotonic()
            rate = self._arrived / (self._said - self._begun)
            percent = 100 * self._arrived / max(self._size, 1)
            logger.info("%s: %d bytes, %.0f %%, %.0f bytes/s", self._uri, self._arrived, percent, rate)

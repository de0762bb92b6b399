"""Counts how far a version is, and how fast it arrives."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tfs_operator.fetcher.core.formatting import in_bytes

Arrived = Callable[[int], None]
"""Takes the number of bytes that have just arrived (or that were found to be there already)."""

_WINDOW_SECONDS = 5.0
_SAMPLE_SECONDS = 0.25


@dataclass
class Progress:
    """Counts one attempt to fetch a version, in bytes. Every method may be called from any thread."""

    total: int
    clock: Callable[[], float] = time.monotonic
    arrived: int = 0
    _samples: deque[tuple[float, int]] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.begun = self.moved = self.clock()
        self._samples.append((self.begun, 0))

    def add(self, count: int) -> None:
        """Counts bytes of the version that have arrived; 0 is no sign of life."""
        if count == 0:
            return
        with self._lock:
            self.arrived = min(self.arrived + count, self.total)
            self.moved = self.clock()
            if self.moved - self._samples[-1][0] >= _SAMPLE_SECONDS:
                self._samples.append((self.moved, self.arrived))
                self._forget(self.moved - _WINDOW_SECONDS)

    def touch(self) -> None:
        """Notes that the attempt gets on although no byte of the version arrives, such as while an archive does."""
        self.moved = self.clock()

    @property
    def rate(self) -> int:
        """Returns the bytes a second, over the last seconds."""
        with self._lock:
            self._forget(self.clock() - _WINDOW_SECONDS)
            since, had = self._samples[0]
            return int((self.arrived - had) / max(self.clock() - since, 0.001))

    @property
    def idle_seconds(self) -> float:
        """Returns the seconds since the last byte or touch."""
        return self.clock() - self.moved

    def line(self) -> str:
        """Formats a line for the log, while it runs."""
        percent = 100 * self.arrived // self.total if self.total else 100
        return f"{in_bytes(self.arrived)} of {in_bytes(self.total)} ({percent} %), {in_bytes(self.rate)}/s"

    def summary(self) -> str:
        """Formats a line for the log, once all is there."""
        seconds = max(self.clock() - self.begun, 0.001)
        return f"{in_bytes(self.total)} in {seconds:.1f} s, {in_bytes(self.total / seconds)}/s"

    def _forget(self, before: float) -> None:
        """One sample from before the window stays, as where the window begins."""
        while len(self._samples) > 1 and self._samples[1][0] < before:
            self._samples.popleft()

"""What a proxy does to what passes it: told by a test's thread, asked by the proxy's."""

import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from testing.stores.traffic import Kind, Passed

Hook = Callable[[], None]
CONTENT = frozenset({Kind.GET})


@dataclass
class Fault:
    """One thing that goes wrong with the next `times` requests of `kinds` whose path contains `path`."""

    kinds: frozenset[Kind] = CONTENT
    path: str = ""
    times: int = 1

    def concerns(self, request: Passed) -> bool:
        return self.times > 0 and request.kind in self.kinds and self.path in request.path


@dataclass
class Refusal(Fault):
    """An answer instead of the server's."""

    status: int = 503
    retry_after: int | None = None
    """Seconds, for the header of that name."""

    body: str = ""


@dataclass
class Incident(Fault):
    """Something that happens when exactly `after` bytes of the answer's body have been sent."""

    after: int = 0


@dataclass
class Cut(Incident):
    """The connection is reset."""


@dataclass
class Stall(Incident):
    """Nothing more comes until the client gives up or `Faults.release()`."""


@dataclass
class Interlude(Incident):
    """`hook` runs, in a thread, and the rest of the body waits for it."""

    hook: Hook = lambda: None


@dataclass
class Faults:
    """The faults in force, and the record of what passed. Safe to use from any thread."""

    _faults: list[Fault] = field(default_factory=list)
    _requests: list[Passed] = field(default_factory=list)
    _bytes_per_second: float = 0.0
    _bytes_allowed: float = math.inf
    _free_from: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    released: threading.Event = field(default_factory=threading.Event)

    def cut(self, after: int, *, times: int = 1, path: str = "", kinds: Iterable[Kind] = CONTENT) -> None:
        """Resets the connection when `after` bytes of a body have been sent."""
        self._add(Cut(frozenset(kinds), path, times, after))

    def stall(self, after: int = 0, *, times: int = 1, path: str = "", kinds: Iterable[Kind] = CONTENT) -> None:
        """Sends nothing more when `after` bytes of a body have been sent."""
        self.released.clear()
        self._add(Stall(frozenset(kinds), path, times, after))

    def release(self) -> None:
        """Ends every stall."""
        self.released.set()

    def when_passed(self, after: int, hook: Hook, *, path: str = "", kinds: Iterable[Kind] = CONTENT) -> None:
        """Runs `hook` once, when `after` bytes of a body have been sent; nothing more of that body is sent until it
        returns. It may use the server, and even this proxy."""
        self._add(Interlude(frozenset(kinds), path, 1, after, hook))

    def refuse(
        self,
        status: int,
        *,
        times: int = 1,
        retry_after: int | None = None,
        path: str = "",
        kinds: Iterable[Kind] = tuple(Kind),
        body: str = "",
    ) -> None:
        """Answers `status` without asking the server; any request unless `kinds` or `path` says which."""
        self._add(Refusal(frozenset(kinds), path, times, status, retry_after, body))

    def limit_rate(self, bytes_per_second: float) -> None:
        """For the bodies of all answers together; 0 is no limit."""
        with self._lock:
            self._bytes_per_second = bytes_per_second

    def hold_after(self, total: int) -> None:
        """Sends `total` bytes of bodies, of all answers together, and nothing more until `release()`."""
        self.released.clear()
        with self._lock:
            self._bytes_allowed = total

    def clear(self) -> None:
        """Nothing goes wrong any more, and nothing has passed yet."""
        with self._lock:
            self._faults.clear()
            self._requests.clear()
            self._bytes_per_second = 0.0
            self._bytes_allowed = math.inf
        self.release()

    @property
    def pending(self) -> int:
        """Faults that have not happened yet: a test that ends with some did not test them."""
        with self._lock:
            return sum(fault.times for fault in self._faults)

    def requests(self, kind: Kind | None = None, path: str = "") -> list[Passed]:
        """What has come in so far, in order; also what was refused."""
        with self._lock:
            return [passed for passed in self._requests if kind in (None, passed.kind) and path in passed.path]

    def count(self, kind: Kind | None = None, path: str = "") -> int:
        return len(self.requests(kind, path))

    def note(self, request: Passed) -> None:
        """For the proxy: something has come in."""
        with self._lock:
            self._requests.append(request)

    def refusal(self, request: Passed) -> Refusal | None:
        """For the proxy: the answer to give instead of the server's."""
        with self._lock:
            for fault in self._faults:
                if isinstance(fault, Refusal) and fault.concerns(request):
                    fault.times -= 1
                    return fault
        return None

    def incident(self, request: Passed, sent: int, size: int) -> Incident | None:
        """For the proxy: what happens next to a body of which `sent` bytes were sent and `size` more are at hand."""
        with self._lock:
            due = [f for f in self._faults if isinstance(f, Incident) and f.concerns(request)]
            due = [fault for fault in due if sent <= fault.after < sent + size]
            first = min(due, key=lambda fault: fault.after, default=None)
            if first:
                first.times -= 1
            return first

    def allowed(self, size: int) -> int:
        """For the proxy: how many of `size` more bytes may be sent; counts these."""
        with self._lock:
            if self.released.is_set():
                self._bytes_allowed = math.inf
            count = int(min(size, self._bytes_allowed))
            self._bytes_allowed -= count
            return count

    def delay(self, size: int) -> float:
        """For the proxy: how many seconds to wait before `size` more bytes are sent."""
        with self._lock:
            if not self._bytes_per_second:
                return 0.0
            now = time.monotonic()
            self._free_from = max(self._free_from, now) + size / self._bytes_per_second
            return self._free_from - now

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

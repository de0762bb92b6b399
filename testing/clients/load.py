"""A steady load, bounded in rate, count and time; and what came of each request."""

import contextlib
import itertools
import math
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from testing.clients.asking import Connect, Connection
from testing.waiting import DEADLINE_SECONDS, eventually

BROKEN = "the connection broke"


@dataclass(frozen=True)
class Bounds:
    """Of one protocol. The load stops by itself at the first of `count` requests and `seconds`."""

    rate: float = 40
    count: int = 4000
    seconds: float = 100
    at_once: int = 4
    per_connection: int = 10  # then a new one, which may reach another pod
    connection_seconds: float = math.inf  # likewise: on a slow machine ten requests outlast the drain of a pod


@dataclass(frozen=True)
class Answer:
    """`due`, `sent` and `done` are times of time.monotonic(); `failure` is empty when a version has answered."""

    protocol: str
    connection: tuple[int, int]
    due: float
    sent: float
    done: float
    version: int | None = None
    failure: str = ""


class LoadEndedError(Exception):
    """The bounds were reached before the load was stopped, so it was not there for all that it should tell of."""


@dataclass(frozen=True)
class Report:
    answers: Sequence[Answer]

    @property
    def failures(self) -> list[str]:
        """One line a failed request, with its time since the first request; BROKEN where no server has answered."""
        start = min((answer.due for answer in self.answers), default=0)
        failed = sorted((a for a in self.answers if a.failure), key=lambda answer: answer.sent)
        return [f"{a.sent - start:.3f} s, after {a.done - a.sent:.3f} s, {a.protocol}: {a.failure}" for a in failed]

    def versions(self, protocol: str, since: float = 0, until: float = math.inf) -> set[int | None]:
        """Those that answered requests sent and answered in that time; None stands for failures."""
        return {a.version for a in self.answers if a.protocol == protocol and since <= a.sent and a.done <= until}

    def histories(self) -> set[tuple[int, ...]]:
        """What single connections saw, so what single pods answered: the versions in their order, each once a turn."""
        by_connection: dict[object, list[int]] = defaultdict(list)
        for answer in sorted(self.answers, key=lambda each: each.sent):
            seen = by_connection[answer.protocol, answer.connection]
            if answer.version is not None and seen[-1:] != [answer.version]:
                seen.append(answer.version)
        return {tuple(seen) for seen in by_connection.values()}

    def at_once(self) -> int:
        """The most requests that were under way at the same time."""
        ends = sorted([(a.sent, 1) for a in self.answers] + [(a.done, -1) for a in self.answers])
        return max(itertools.accumulate(step for _, step in ends), default=0)

    def milliseconds(self, percent: float) -> float:
        """A percentile of the time from when a request was due until its answer."""
        took = sorted(answer.done - answer.due for answer in self.answers)
        return 1000 * took[min(len(took) - 1, int(len(took) * percent / 100))]

    def __str__(self) -> str:
        """Counts and times in one line, then the failures."""
        counted = {p: sum(a.protocol == p for a in self.answers) for p in sorted({a.protocol for a in self.answers})}
        took = ", ".join(f"p{percent:g} {self.milliseconds(percent):.0f} ms" for percent in (50, 95, 99, 100))
        sent = ", ".join(f"{count} by {protocol}" for protocol, count in counted.items())
        return "\n".join([f"{sent}; {took}; {len(self.failures)} failed", *self.failures[:20]])


@dataclass
class Load:
    """Runs from its start until `report`, or until its bounds."""

    connects: Mapping[str, Connect]
    bounds: Bounds
    over: threading.Event = field(default_factory=threading.Event)
    exhausted: threading.Event = field(default_factory=threading.Event)
    answers: list[Answer] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        began = time.monotonic()
        for protocol in self.connects:
            for lane in range(self.bounds.at_once):
                self.threads.append(threading.Thread(target=self._drive, args=(protocol, lane, began)))
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def await_more(self, count: int, seconds: float = DEADLINE_SECONDS) -> None:
        """Waits until each protocol has so many more answers, to requests that were sent from now on."""
        known, since = len(self.answers), time.monotonic()

        def lacking() -> dict[str, int]:
            sent = Counter(answer.protocol for answer in self.answers[known:] if answer.sent >= since)
            return {name: count - sent[name] for name in self.connects if sent[name] < count}

        what = f"{count} more answers on each protocol"
        eventually(lambda: not lacking(), seconds, lacking, what=what, interval=0.005)

    def report(self) -> Report:
        """Stops the load. Raises LoadEndedError if it had come to its end by itself."""
        self.stop()
        if self.exhausted.is_set():
            raise LoadEndedError(f"the load ended by itself, within {self.bounds}: {Report(self.answers)}")
        return Report(sorted(self.answers, key=lambda answer: answer.sent))

    def _drive(self, protocol: str, lane: int, began: float) -> None:
        """Every `at_once`th request of a protocol, one after the other."""
        line = Line(protocol, lane, self.connects[protocol], self.bounds)
        with contextlib.closing(line):
            for number in range(lane, self.bounds.count, self.bounds.at_once):
                due = began + number / self.bounds.rate
                if due > began + self.bounds.seconds:
                    break
                if self.over.wait(max(0.0, due - time.monotonic())):
                    return
                self.answers.append(line.ask(due))
        self.exhausted.set()


@dataclass
class Line:
    """One connection after the other: a new one after so many requests, or seconds, and after a failure."""

    protocol: str
    lane: int
    connect: Connect
    bounds: Bounds
    connection: Connection | None = None
    opened: int = 0
    left: int = 0
    until: float = 0.0

    def ask(self, due: float) -> Answer:
        sent = time.monotonic()
        version, failure = self._try()
        done = time.monotonic()
        return Answer(self.protocol, (self.lane, self.opened), due, sent, done, version, failure)

    def _try(self) -> tuple[int | None, str]:
        try:
            return self._connected().ask(), ""
        except ConnectionError as error:
            self.left = 0
            return None, f"{BROKEN}: {error}"
        except Exception as error:  # whatever it is, it is what a client would have got
            self.left = 0
            return None, f"{type(error).__name__}: {error}"

    def _connected(self) -> Connection:
        if self.left == 0 or self.connection is None or time.monotonic() > self.until:
            self.close()
            self.connection, self.left = self.connect(), self.bounds.per_connection
            self.until = time.monotonic() + self.bounds.connection_seconds
            self.opened += 1
        self.left -= 1
        return self.connection

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()


@contextlib.contextmanager
def steady(connects: Mapping[str, Connect], bounds: Bounds | None = None) -> Iterator[Load]:
    """The load, running: `connects` has a way to connect for each protocol."""
    load = Load(connects, bounds or Bounds())
    load.start()
    try:
        yield load
    finally:
        load.stop()

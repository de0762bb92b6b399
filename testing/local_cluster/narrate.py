"""Says what is being done, with the elapsed time; and that it still is, every ten seconds.

The elapsed time counts from TFS_STARTED (seconds since 1970), which make sets: one clock from the first build on.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

STILL_SECONDS = 10


def span(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole}s" if whole < 60 else f"{whole // 60}m{whole % 60:02}s"


def started() -> float:
    """Returns when this run of make began, on the monotonic clock; now where no such run is known."""
    began = os.environ.get("TFS_STARTED")
    return time.monotonic() - (time.time() - float(began) if began else 0)


@dataclass
class Narrator:
    """Lines such as `[ 1m07s] 4/6 Waiting until the model is served`."""

    steps: int
    began: float = field(default_factory=started)
    done: int = 0

    def say(self, text: str) -> None:
        for line in text.splitlines():
            print(f"[{span(time.monotonic() - self.began):>6}] {line}", flush=True)

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator["Step"]:
        self.done += 1
        self.say(f"{self.done}/{self.steps} {title}")
        step = Step(self)
        ticker = threading.Thread(target=step.tick, daemon=True)
        ticker.start()
        try:
            yield step
        finally:
            step.over.set()
            ticker.join()
        self.say(f"    done in {time.monotonic() - step.began:.1f} s")


@dataclass
class Step:
    """`detail` is what the next line of a long step says."""

    narrator: Narrator
    detail: str = "still at it"
    began: float = field(default_factory=time.monotonic)
    over: threading.Event = field(default_factory=threading.Event)

    def say(self, text: str) -> None:
        self.narrator.say("".join(f"    {line}\n" for line in text.splitlines()))

    def tick(self) -> None:
        while not self.over.wait(STILL_SECONDS):
            self.say(f"… {self.detail}")

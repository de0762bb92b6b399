"""One label moved: from just before the change is sent until the last pod answers."""

import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bench.fleet import Fleet, answers_since
from bench.server_log import Load

LABEL = "canary"


@dataclass(frozen=True)
class Move:
    """Seconds are from `asked`, which is also the wall clock's, to compare with logs of the same machine."""

    version: int
    asked: datetime
    accepted: float
    answered: Mapping[str, float]
    loads: Mapping[str, Load] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return max(self.answered.values())

    @property
    def last_load(self) -> Load:
        """Of the pod that had the version loaded last: the others waited for it."""
        return max(self.loads.values(), key=lambda load: load.ended)

    @property
    def beside_load(self) -> float:
        return self.seconds - self.last_load.seconds

    @property
    def load_began(self) -> float:
        return (self.last_load.began - self.asked).total_seconds()

    def as_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "asked": self.asked.isoformat(),
            "accepted": self.accepted,
            "seconds": self.seconds,
            "answered": dict(self.answered),
            "loads": {
                pod: {"began": (load.began - self.asked).total_seconds(), "seconds": load.seconds}
                for pod, load in self.loads.items()
            },
        }


async def move(change: Awaitable[object], fleet: Fleet, version: int, *, seconds: float, interval: float) -> Move:
    """`change` is the request that moves the label, not sent yet. The pods are asked as soon as it is accepted: one
    that answers earlier than that is seen a little late, and never too early."""
    asked, began = datetime.now(UTC), time.monotonic()
    await change
    accepted = time.monotonic() - began
    answered = await answers_since(fleet, LABEL, version, began, seconds=seconds, interval=interval)
    return Move(version, asked, accepted, answered)

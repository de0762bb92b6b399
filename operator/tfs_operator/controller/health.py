"""Serves /healthz, /readyz and /metrics from the event loop itself, so that none answers once the loop hangs."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.metrics import Metrics
from tfs_operator.controller.reconcile.worker import DEADLINE_SECONDS, UnexpectedErrors

BEAT_SECONDS = 1.0
MAX_BEAT_AGE = 10.0
MAX_QUEUE_AGE = 300.0
MAX_WORK_AGE = DEADLINE_SECONDS + 30.0
"""A reconcile is cancelled at its deadline; this one has ignored it."""
MAX_MISTAKES_AGE = 180.0
"""At least ten tries of one TFModel with back-off, or two reconciles given up at their deadline."""


@dataclass
class Health:
    """Knows the last heartbeat of the process's loop, its queue, and whether its caches are filled."""

    queue: WorkQueue[TFModelKey]
    clock: Callable[[], float] = time.monotonic
    unexpected_errors: UnexpectedErrors = field(default_factory=UnexpectedErrors)
    filled: bool = False
    last_beat: float = 0.0

    def __post_init__(self) -> None:
        self.beat()

    def beat(self) -> None:
        self.last_beat = self.clock()

    async def beat_forever(self) -> None:
        """Beats as long as the event loop turns."""
        while True:
            self.beat()
            await asyncio.sleep(BEAT_SECONDS)

    def problems(self) -> list[str]:
        """Returns why the process should be restarted; empty when it should not."""
        checks = (
            ("the event loop was busy", self.clock() - self.last_beat, MAX_BEAT_AGE),
            ("a TFModel waited for a worker", self.queue.oldest_age(), MAX_QUEUE_AGE),
            ("a reconcile ran", self.queue.longest_running(), MAX_WORK_AGE),
            ("every reconcile failed by a mistake in the operator", self.unexpected_errors.seconds(), MAX_MISTAKES_AGE),
        )
        return [f"{what} for {age:.0f} s, at most {limit:.0f} s are fine" for what, age, limit in checks if age > limit]

    def unready(self) -> list[str]:
        """Returns why nothing should depend on the process yet."""
        return self.problems() if self.filled else ["the caches are not filled yet", *self.problems()]


def application(health: Health, metrics: Metrics) -> web.Application:
    """Returns the application with the three endpoints."""

    async def healthz(_: web.Request) -> web.Response:
        return _verdict(health.problems())

    async def readyz(_: web.Request) -> web.Response:
        return _verdict(health.unready())

    async def expose(_: web.Request) -> web.Response:
        return web.Response(body=metrics.exposition(), headers={"Content-Type": "text/plain; version=0.0.4"})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", expose)])
    return app


def _verdict(problems: list[str]) -> web.Response:
    return web.Response(status=503 if problems else 200, text="\n".join(problems or ["ok"]) + "\n")

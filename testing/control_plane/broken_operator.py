"""Runs an operator with a defect: `python -m testing.control_plane.broken_operator HOW run …`.

What takes minutes in earnest takes seconds here.
"""

import asyncio
import sys
import time
from typing import Any

from tfs_operator import cli
from tfs_operator.cluster.lease import Lease
from tfs_operator.controller import health, operator
from tfs_operator.controller.informer.informer import Informer
from tfs_operator.controller.reconcile import worker
from tfs_operator.controller.reconcile.reconciler import Reconciler


async def hang(*_: Any) -> None:
    """And does not heed that it is cancelled."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


async def give_up(*_: Any) -> None:
    await asyncio.Event().wait()


async def crash(*_: Any) -> None:
    raise ValueError("a mistake")


async def block(*_: Any) -> None:
    time.sleep(3600)  # noqa: ASYNC251  # that is the mistake


async def end(*_: Any) -> None:
    """A part that should never end."""
    await asyncio.sleep(1)


RECONCILES = {"hang": hang, "give-up": give_up, "crash": crash, "block": block}
PARTS = {
    "no-watch": (operator, "_watch"),
    "no-workers": (worker.Worker, "work"),
    "no-renewer": (Lease, "keep"),
    "no-resync": (Informer, "resync_forever"),
}


def main() -> int:
    how = sys.argv[1]
    if how in RECONCILES:
        Reconciler.reconcile = RECONCILES[how]  # type: ignore[assignment,method-assign]  # that is the mistake
    else:
        setattr(*PARTS[how], end)
    worker.DEADLINE_SECONDS, worker.GRACE_SECONDS = 2.0, 1.0
    health.MAX_WORK_AGE, health.MAX_MISTAKES_AGE = 3.0, 3.0
    return cli.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())

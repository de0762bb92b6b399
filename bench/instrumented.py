"""`tfs-operator run …` that also writes down how much it holds: `python -m bench.instrumented FILE run …`.

Counts what only the process itself can see. The operator has no such thing built in, and needs none.
"""

import asyncio
import functools
import json
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

from kopf._core.reactor.inventory import ResourceMemories  # kopf's own memory of each object is no part of its API
from prometheus_client import CollectorRegistry

from tfs_operator import cli
from tfs_operator.cluster.cache import Cache
from tfs_operator.cluster.events import EventRecorder
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.apply.children import Children
from tfs_operator.controller.informer.informer import Informer
from tfs_operator.controller.informer.throttle import Throttle
from tfs_operator.controller.pods.calls import Calls
from tfs_operator.controller.pods.fetchers import Fetchers
from tfs_operator.controller.pods.observe import Observer
from tfs_operator.controller.pods.reload import Reloader
from tfs_operator.controller.reconcile.reconciler import Reconciler
from tfs_operator.controller.reconcile.state import TFModelStates
from tfs_operator.controller.reconcile.worker import Worker
from tfs_operator.serving.reload import ReloadClient

INTERVAL_SECONDS = 5.0
_CLASSES: tuple[Any, ...] = (
    *(
        Cache,
        Calls,
        Children,
        CollectorRegistry,
        EventRecorder,
        Fetchers,
        Informer,
        Observer,
        Throttle,
        Reloader,
        TFModelStates,
    ),
    *(Reconciler, ReloadClient, ResourceMemories, Worker, WorkQueue),
)
_SKIPPED = {"_objects"}
"""Live objects: as many as there are."""

_made: "weakref.WeakSet[Any]" = weakref.WeakSet()
"""Some are of one TFModel, and go with it."""


def note_instances() -> None:
    """Of these classes, from now on. To ask the garbage collector for them would break what it hands out half made."""
    for each in _CLASSES:
        each.__init__ = _noting(each.__init__)


def _noting(init: Any) -> Any:
    @functools.wraps(init)
    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        _made.add(self)
        init(self, *args, **kwargs)

    return noted


def held() -> dict[str, int]:
    """By `Class.attribute`, how many entries a container has, those of all instances together; and all tasks."""
    tasks = list(asyncio.tasks._all_tasks)  # type: ignore[attr-defined]  # there is no other way from another thread
    found = {"tasks": sum(not task.done() for task in tasks)}
    for item in list(_made):
        for name, size in _sizes(item):
            found[name] = found.get(name, 0) + size
    return found


def _sizes(item: Any) -> list[tuple[str, int]]:
    return [
        (f"{type(item).__name__}.{name}", len(value))
        for name, value in vars(item).items()
        if isinstance(value, dict | list | set) and name not in _SKIPPED
    ]


def _write_forever(path: Path) -> None:
    with path.open("a") as output:
        while True:
            time.sleep(INTERVAL_SECONDS)
            try:
                output.write(json.dumps(held()) + "\n")
            except RuntimeError:
                continue  # something grew while it was counted
            output.flush()


def main() -> int:
    note_instances()
    threading.Thread(target=_write_forever, args=(Path(sys.argv[1]),), daemon=True).start()
    return cli.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())

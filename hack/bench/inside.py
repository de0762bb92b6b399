"""`tfs-operator run …` that also writes down how much it holds: `python -m hack.bench.inside FILE run …`.

Counts what only the process itself can see. The operator has no such thing built in, and needs none.
"""

import asyncio
import gc
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tfs_operator import cli

INTERVAL_SECONDS = 5.0
_CLASSES = (
    *("Cache", "WorkQueue", "Pusher", "Observer", "Fetchers", "Children", "Pace", "Figures", "Reconciler", "Worker"),
    *("EventRecorder", "ReloadClient", "ResourceMemories", "Pacing", "Intake", "CollectorRegistry"),
)
_SKIPPED = {"_objects"}
"""Live objects: as many as there are."""


def held() -> dict[str, int]:
    """By `Class.attribute`, how many entries a container has, those of all instances together; and all tasks."""
    found: dict[str, int] = {"tasks": sum(not task.done() for task in list(asyncio.tasks._all_tasks))}  # type: ignore[attr-defined]  # there is no other way from another thread
    for item in gc.get_objects():
        if type(item).__name__ in _CLASSES:
            for name, size in _sizes(item):
                found[name] = found.get(name, 0) + size
    return found


def _sizes(item: Any) -> list[tuple[str, int]]:
    values = getattr(item, "__dict__", {})
    return [
        (f"{type(item).__name__}.{name}", len(value))
        for name, value in values.items()
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
    threading.Thread(target=_write_forever, args=(Path(sys.argv[1]),), daemon=True).start()
    return cli.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())

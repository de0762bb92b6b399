"""Brings the loaded versions of every model towards the aspired ones.

(core/aspired_versions_manager.cc, core/basic_manager.cc, core/availability_preserving_policy.cc)
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from model_server import crash, log
from model_server.base_path import Versions
from model_server.harness import Harness, Load, Publish, Retries, Stage
from model_server.servable import Servable
from model_server.states import VersionId
from model_server.status import not_found

TICK_SECONDS = 0.1
"""Between two decisions; each takes at most one version a step further (manage_state_interval_micros)."""


@dataclass(frozen=True)
class ManagerOptions:
    """`load_threads` 0: the manager loads by itself and decides nothing meanwhile, retries included.
    `reserve_seconds`: how long a version that is to be loaded stays START."""

    load_threads: int
    unload_threads: int
    retries: Retries
    reserve_seconds: float = 0.0


class AspiredVersionsManager:
    """Owns all harnesses. `aspire` says what should be loaded; `servable` finds what is."""

    def __init__(self, options: ManagerOptions, load: Load, publish: Publish) -> None:
        self._options = options
        self._load = load
        self._publish = publish
        self._lock = threading.Lock()
        """Held by every decision, and while the files of a version are looked through, retries included."""
        self._harnesses: dict[VersionId, Harness] = {}
        self._serving_lock = threading.Lock()
        self._serving: dict[str, dict[int, Servable]] = {}
        self._pending_lock = threading.Lock()
        self._pending: dict[str, Versions] = {}
        self._loads = Executor(options.load_threads)
        self._unloads = Executor(options.unload_threads)

    def start(self) -> None:
        threading.Thread(target=self._manage, name="aspired-versions-manager", daemon=True).start()

    def aspire(self, model: str, versions: Versions) -> None:
        """Replaces what should be loaded of a model; taken up at the next tick."""
        with self._pending_lock:
            self._pending[model] = versions

    def use_load_threads(self, threads: int | None = None) -> None:
        """Loads with another number of threads (None: as configured), after all loads under way have ended."""
        self._loads.resize(self._options.load_threads if threads is None else threads)

    def unload_all(self) -> None:
        """Frees every version that is available, without a word to those who know of states."""
        log.info("core/basic_manager.cc", "Unload all remaining servables in the manager.")
        with self._lock:
            ready = [harness for harness in self._harnesses.values() if harness.stage is Stage.READY]
        for harness in ready:
            harness.unload()

    @contextmanager
    def servable(self, model: str, version: int | None) -> Iterator[Servable]:
        """Holds a version that is available, the newest for None; raises StatusError(NOT_FOUND)."""
        with self._serving_lock:
            versions = self._serving.get(model, {})
            found = versions.get(max(versions, default=-1) if version is None else version)
            if found is None:
                asked = f"Latest({model})" if version is None else f"Specific({model}, {version})"
                raise not_found(f"Servable not found for request: {asked}")
            found.acquire()
        try:
            yield found
        finally:
            found.release()

    def _manage(self) -> None:
        while True:
            started = time.monotonic()
            with self._lock:
                self._forget_ended()
                self._take_up_pending()
                action = self._next_action()
            if action is not None:
                action()
            time.sleep(max(0.0, TICK_SECONDS - (time.monotonic() - started)))

    def _forget_ended(self) -> None:
        over = (Stage.NEW, Stage.DISABLED, Stage.ERROR)
        for version, harness in list(self._harnesses.items()):
            if not harness.aspired and harness.stage in over:
                del self._harnesses[version]

    def _take_up_pending(self) -> None:
        """A model that wants back a version which is still on its way out waits until that is gone."""
        with self._pending_lock:
            for model, versions in list(self._pending.items()):
                harnesses = self._of(model)
                if not any(h.id.version in versions and not h.aspired for h in harnesses):
                    del self._pending[model]
                    self._take_up(model, versions, harnesses)

    def _take_up(self, model: str, versions: Versions, harnesses: list[Harness]) -> None:
        for harness in harnesses:
            if harness.id.version not in versions:
                harness.aspired = False
                harness.cancel_retries()
        for number in sorted(set(versions) - {harness.id.version for harness in harnesses}):
            version = VersionId(model, number)
            self._harnesses[version] = Harness(version, versions[number], self._publish)

    def _next_action(self) -> Callable[[], None] | None:
        """One step for one model: an unload before a load."""
        loads: list[Harness] = []
        for model in sorted({version.model for version in self._harnesses}):
            unload, load = availability_preserving(self._of(model))
            if unload is not None:
                unload.stage = Stage.UNLOADING
                return partial(self._unloads.run, partial(self._unload_now, unload))
            loads += [load] if load is not None else []
        if not loads:
            return None
        first = loads[0]
        first.stage = Stage.LOADING
        return partial(self._loads.run, partial(self._load_now, first))

    def _load_now(self, harness: Harness) -> None:
        time.sleep(self._options.reserve_seconds)
        with self._lock:
            reserved = harness.reserve(self._options.retries)
        if reserved:
            harness.load(self._load, self._options.retries, self._list_ready)

    def _unload_now(self, harness: Harness) -> None:
        with self._lock:
            harness.quiesce()
            self._publish_serving()
        harness.unload()

    def _list_ready(self) -> None:
        with self._lock:
            self._publish_serving()

    def _publish_serving(self) -> None:
        """Lets requests find what is ready now."""
        serving: dict[str, dict[int, Servable]] = {}
        for harness in self._harnesses.values():
            if harness.stage is Stage.READY and harness.servable is not None:
                serving.setdefault(harness.id.model, {})[harness.id.version] = harness.servable
        with self._serving_lock:
            self._serving = serving

    def _of(self, model: str) -> list[Harness]:
        return [harness for version, harness in self._harnesses.items() if version.model == model]


def availability_preserving(harnesses: list[Harness]) -> tuple[Harness | None, Harness | None]:
    """What to unload, or else what to load, of one model.

    The last version that serves stays until an aspired one does; otherwise the lowest superfluous one goes
    first, and the highest new one is loaded first.
    """
    aspired = [harness for harness in harnesses if harness.aspired]
    superfluous = [h for h in harnesses if not h.aspired and h.stage is Stage.READY]
    replaceable = not aspired or any(h.stage is Stage.READY for h in aspired) or len(superfluous) > 1
    if superfluous and replaceable:
        return min(superfluous, key=lambda h: h.id), None
    return None, max((h for h in aspired if h.stage is Stage.NEW), key=lambda h: h.id, default=None)


class Executor:
    """Runs work on its threads, or with none of them on the caller's."""

    def __init__(self, threads: int) -> None:
        self._lock = threading.Lock()
        self._pool = _pool(threads)

    def run(self, work: Callable[[], None]) -> None:
        with self._lock:
            pool = self._pool
            if pool is not None:
                pool.submit(work)
        if pool is None:
            work()

    def resize(self, threads: int) -> None:
        """Waits for the work under way; work that comes meanwhile waits too."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(wait=True)
            self._pool = _pool(threads)


def _pool(threads: int) -> ThreadPoolExecutor | None:
    if threads < 0:
        crash.abort("core/basic_manager.cc", f"Check failed: num_threads >= 1 ({threads} vs. 1)")
    return ThreadPoolExecutor(threads) if threads else None

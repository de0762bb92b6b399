"""One aspired version on its way through loading and unloading.

(core/loader_harness.cc, core/basic_manager.cc, util/retrier.cc)
"""

import enum
import threading
import time
from collections.abc import Callable

from model_server import log
from model_server.servable import Servable
from model_server.states import State, VersionId, VersionState
from model_server.status import Code, StatusError

Load = Callable[[VersionId, str], Servable]
"""Loads a version from its folder; raises StatusError."""

Publish = Callable[[VersionId, VersionState], None]

HARNESS = "core/loader_harness.cc"
RETRIER = "util/retrier.cc"


class Stage(enum.Enum):
    """Where a version stands for the manager; finer than what the status API tells."""

    NEW = "new"
    LOADING = "loading"
    READY = "ready"
    UNLOADING = "unloading"
    DISABLED = "disabled"
    ERROR = "error"


class Harness:
    """Loads one version, with retries, and unloads it; publishes each state that it reaches."""

    def __init__(self, version: VersionId, folder: str, publish: Publish) -> None:
        self.id = version
        self.stage = Stage.NEW
        self.aspired = True
        self.servable: Servable | None = None
        self._folder = folder
        self._publish = publish
        self._cancelled = threading.Event()
        publish(version, VersionState(State.START))

    def cancel_retries(self) -> None:
        """Lets no further attempt follow; the wait between two attempts is not cut short."""
        self._cancelled.set()

    def load(self, load: Load, retries: int, interval_seconds: float, became_ready: Callable[[], None]) -> None:
        """Takes the version from LOADING to AVAILABLE or, after the last attempt failed, to END."""
        log.info(HARNESS, f"Loading servable version {self.id}")
        self._publish(self.id, VersionState(State.LOADING))
        try:
            servable = self._attempt(load, retries, interval_seconds)
            if self._cancelled.is_set():
                servable.unload()
                raise StatusError(Code.CANCELLED, "Loading of servable cancelled")
        except StatusError as error:
            self._fail(error)
            return
        self.servable, self.stage = servable, Stage.READY
        log.info(HARNESS, f"Successfully loaded servable version {self.id}")
        became_ready()
        self._publish(self.id, VersionState(State.AVAILABLE))

    def unload(self, unlist: Callable[[], None]) -> None:
        """Takes the version from UNLOADING to END, after the requests in flight."""
        self._publish(self.id, VersionState(State.UNLOADING))
        unlist()
        log.info(HARNESS, f"Unloading just-loaded servable version {self.id}")
        if self.servable is not None:
            self.servable.unload()
        self.servable, self.stage = None, Stage.DISABLED
        log.info(HARNESS, f"Done unloading servable version {self.id}")
        self._publish(self.id, VersionState(State.END))

    def _attempt(self, load: Load, retries: int, interval_seconds: float) -> Servable:
        description = f"Loading servable: {self.id}"
        for tries in range(retries + 1):
            if tries:
                time.sleep(max(interval_seconds, 0))
                log.info(RETRIER, f"Retrying of {description} retry: {tries}")
            try:
                return load(self.id, self._folder)
            except StatusError as error:
                log.error(RETRIER, f"{description} failed: {error.status}")
                failure = error
            if self._cancelled.is_set():
                log.info(RETRIER, f"Retrying of {description} was cancelled.")
                break
        else:
            log.info(RETRIER, f"Retrying of {description} exhausted max_num_retries: {retries}")
        raise failure

    def _fail(self, error: StatusError) -> None:
        self.stage = Stage.ERROR
        self._publish(self.id, VersionState(State.END, error.status))
        log.info(HARNESS, f"Encountered an error for servable version {self.id}: {error.status}")
        log.error("core/aspired_versions_manager.cc", f"Servable {self.id} cannot be loaded: {error.status}")

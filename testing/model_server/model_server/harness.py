"""One aspired version on its way through loading and unloading.

(core/loader_harness.cc, core/basic_manager.cc, util/retrier.cc)
"""

import enum
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from model_server import log
from model_server.disk_size import look_through
from model_server.servable import Servable
from model_server.states import State, VersionId, VersionState
from model_server.status import Code, StatusError

Load = Callable[[VersionId, str], Servable]
"""Loads a version from its folder; raises StatusError."""

Publish = Callable[[VersionId, VersionState], None]

Result = TypeVar("Result")

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


@dataclass(frozen=True)
class Retries:
    """How often what failed is tried again, and after how many seconds. As in the real server, -1 is none."""

    most: int
    interval_seconds: float

    @property
    def attempts(self) -> int:
        return (self.most + 1) % 2**32


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

    def reserve(self, retries: Retries) -> bool:
        """Looks through the files before LOADING; answers whether that went well. If not, the version is at its END."""
        try:
            self._retry(f"Reserving resources for servable: {self.id}", retries, lambda: look_through(self._folder))
        except StatusError as error:
            doing = f"Error while attempting to reserve resources to load servable {self.id}"
            self._fail(StatusError(error.status.code, f"{doing}: {error.status.message}"))
            return False
        return True

    def load(self, load: Load, retries: Retries, became_ready: Callable[[], None]) -> None:
        """Takes the version from LOADING to AVAILABLE or, after the last attempt failed, to END."""
        log.info(HARNESS, f"Loading servable version {self.id}")
        self._publish(self.id, VersionState(State.LOADING))
        try:
            servable = self._retry(f"Loading servable: {self.id}", retries, lambda: load(self.id, self._folder))
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

    def quiesce(self) -> None:
        """Publishes that no new request finds the version from now on."""
        self._publish(self.id, VersionState(State.UNLOADING))

    def unload(self) -> None:
        """Takes the version from UNLOADING to END, after the requests in flight."""
        log.info(HARNESS, f"Unloading just-loaded servable version {self.id}")
        if self.servable is not None:
            self.servable.unload()
        self.servable, self.stage = None, Stage.DISABLED
        log.info(HARNESS, f"Done unloading servable version {self.id}")
        self._publish(self.id, VersionState(State.END))

    def _retry(self, description: str, retries: Retries, attempt: Callable[[], Result]) -> Result:
        tries = 0
        while True:
            if tries:
                time.sleep(max(retries.interval_seconds, 0))
                log.info(RETRIER, f"Retrying of {description} retry: {tries}")
            tries += 1
            try:
                result = attempt()
            except StatusError as error:
                log.error(RETRIER, f"{description} failed: {error.status}")
                if tries < retries.attempts and not self._cancelled.is_set():
                    continue
                self._log_last_try(description, retries, tries)
                raise
            self._log_last_try(description, retries, tries)
            return result

    def _log_last_try(self, description: str, retries: Retries, tries: int) -> None:
        if self._cancelled.is_set():
            log.info(RETRIER, f"Retrying of {description} was cancelled.")
        if tries == retries.attempts:
            log.info(RETRIER, f"Retrying of {description} exhausted max_num_retries: {retries.most % 2**32}")

    def _fail(self, error: StatusError) -> None:
        self.stage = Stage.ERROR
        self._publish(self.id, VersionState(State.END, error.status))
        log.info(HARNESS, f"Encountered an error for servable version {self.id}: {error.status}")
        log.error("core/aspired_versions_manager.cc", f"Servable {self.id} cannot be loaded: {error.status}")

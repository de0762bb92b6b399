"""What is known of each model version: the states that the status API answers and that start-up waits for.

(core/servable_state.h, core/servable_state_monitor.cc)
"""

import enum
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from model_server.status import OK, Status


@dataclass(frozen=True, order=True)
class VersionId:
    """One version of one model; printed as in the real server's logs."""

    model: str
    version: int

    def __str__(self) -> str:
        return f"{{name: {self.model} version: {self.version}}}"


class State(enum.Enum):
    """The states of a version, numbered as in get_model_status.proto."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass(frozen=True)
class VersionState:
    state: State
    status: Status = OK


@dataclass
class _Wait:
    """Somebody who waits for these models, until `reached` is set."""

    models: list[str]
    reached: dict[VersionId, VersionState] | None = None


class StateMonitor:
    """Remembers the last state of every version; a version stays, as END, after it is unloaded."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._models: dict[str, dict[int, VersionState]] = {}
        self._waiting: list[_Wait] = []

    def publish(self, version: VersionId, state: VersionState) -> None:
        with self._changed:
            self._models.setdefault(version.model, {})[version.version] = state
            for wait in self._waiting:
                self._look(wait)
            self._changed.notify_all()

    def versions(self, model: str) -> dict[int, VersionState]:
        """The versions of a model, the newest first; empty if it never had one."""
        with self._changed:
            return dict(sorted(self._models.get(model, {}).items(), reverse=True))

    def wait_for(self, models: Iterable[str]) -> dict[VersionId, VersionState]:
        """Waits, for ever if need be, until each model has a version that is AVAILABLE or at its END.

        Answers one such version a model, the newest of those that had got there when the last model had one.
        """
        wait = _Wait(list(models))
        with self._changed:
            self._look(wait)
            self._waiting.append(wait)
            self._changed.wait_for(lambda: wait.reached is not None)
            self._waiting.remove(wait)
        return wait.reached or {}

    def _look(self, wait: _Wait) -> None:
        """Judges in the moment of a change: what comes next, however soon, does not count."""
        reached = [self._reached(model) for model in wait.models]
        if wait.reached is None and all(reached):
            wait.reached = dict(one for one in reached if one)

    def _reached(self, model: str) -> tuple[VersionId, VersionState] | None:
        for version, state in sorted(self._models.get(model, {}).items(), reverse=True):
            if state.state in (State.AVAILABLE, State.END):
                return VersionId(model, version), state
        return None

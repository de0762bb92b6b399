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


class StateMonitor:
    """Remembers the last state of every version; a version stays, as END, after it is unloaded."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._models: dict[str, dict[int, VersionState]] = {}

    def publish(self, version: VersionId, state: VersionState) -> None:
        with self._changed:
            self._models.setdefault(version.model, {})[version.version] = state
            self._changed.notify_all()

    def versions(self, model: str) -> dict[int, VersionState]:
        """The versions of a model, the newest first; empty if it never had one."""
        with self._changed:
            return dict(sorted(self._models.get(model, {}).items(), reverse=True))

    def wait_for(self, models: Iterable[str]) -> dict[VersionId, VersionState]:
        """Waits, for ever if need be, until each model has a version that is AVAILABLE or at its END.

        Answers one such version a model, the newest.
        """
        names = list(models)
        with self._changed:
            while True:
                reached = [self._reached(model) for model in names]
                if all(reached):
                    return dict(one for one in reached if one)
                self._changed.wait()

    def _reached(self, model: str) -> tuple[VersionId, VersionState] | None:
        for version, state in sorted(self._models.get(model, {}).items(), reverse=True):
            if state.state in (State.AVAILABLE, State.END):
                return VersionId(model, version), state
        return None

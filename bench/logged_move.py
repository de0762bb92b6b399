"""A label that moves to a new version, as the logs of the test double tell it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bench.server_log import lines, load_of

RELOADED = "] Finished adding/updating models"
_TIME = len("2026-11-21 06:30:00.000000")


@dataclass(frozen=True)
class LoggedMove:
    """Seconds from the edit of the TFModel. `began` and `available`: when the last pod began to load the version, and
    had it; `moved`: when the last pod had the label, which no pod has before all are `available`."""

    version: int
    began: float
    available: float
    moved: float

    @property
    def after_available(self) -> float:
        return self.moved - self.available

    @property
    def beside_load(self) -> float:
        """Without the load on the pod that was last."""
        return self.began + self.after_available

    def __str__(self) -> str:
        return (
            f"version {self.version}: began after {self.began:.2f} s, AVAILABLE after {self.available:.2f} s,"
            f" label {self.after_available * 1000:.0f} ms later"
        )


def logged_move(logs: Mapping[str, str], model: str, version: int, patched: datetime) -> LoggedMove:
    """By the whole log of each pod, and when the TFModel was edited by the same clock. Raises LookupError."""
    stamped = {pod: _stamped(log) for pod, log in logs.items()}
    loads = [load_of(log, model, version) for log in stamped.values()]
    last = max(loads, key=lambda load: load.ended)
    moved = max(_first_reload(pod, log, last.ended) for pod, log in stamped.items())
    return LoggedMove(
        version,
        began=(last.began - patched).total_seconds(),
        available=(last.ended - patched).total_seconds(),
        moved=(moved - patched).total_seconds(),
    )


def _first_reload(pod: str, log: str, since: datetime) -> datetime:
    """The label's: what was sent before the version was AVAILABLE everywhere cannot have had it."""
    reloads = [at for at, said in lines(log) if said.endswith(RELOADED) and at >= since]
    if not reloads:
        raise LookupError(f"the log of {pod} has no reload after the version was AVAILABLE")
    return min(reloads)


def _stamped(log: str) -> str:
    """As `kubectl logs --timestamps` prints it."""
    written = (line for line in log.splitlines() if line[:4].isdigit())
    return "\n".join(f"{line[:_TIME].replace(' ', 'T')} {line[_TIME + 2 :]}" for line in written)

"""How long a model server loaded a version, by its own log (tensorflow/serving, core/loader_harness.cc)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

BEGAN = "] Loading servable version"
ENDED = "] Successfully loaded servable version"


@dataclass(frozen=True)
class Load:
    began: datetime
    ended: datetime

    @property
    def seconds(self) -> float:
        return (self.ended - self.began).total_seconds()


def load_of(log: str, model: str, version: int) -> Load:
    """The last load of a version in the output of `kubectl logs --timestamps`. Raises LookupError if it has none.

    The time is Kubernetes' own, of each line: what the server writes before its messages differs between releases.
    """
    began = ended = None
    for at, said in lines(log):
        if not said.endswith(f"{{name: {model} version: {version}}}"):
            continue
        if BEGAN in said:
            began, ended = at, None
        elif ENDED in said:
            ended = at
    if began is None or ended is None:
        raise LookupError(f"the log does not say that version {version} of {model} was loaded")
    return Load(began, ended)


def lines(log: str) -> Iterator[tuple[datetime, str]]:
    for line in log.splitlines():
        time, _, said = line.partition(" ")
        yield datetime.fromisoformat(time), said.rstrip()

"""What became of a plan: the state of the world after it was carried out, as far as that was seen."""

from dataclasses import dataclass, field

from tfs_operator.domain.observation import Problem
from tfs_operator.planning.observed import LiveChildren


@dataclass(frozen=True)
class ApplyFailure:
    """A child that could not be written. `blocking`: nothing else is done about the TFModel until it can be."""

    problem: Problem
    blocking: bool


@dataclass(frozen=True)
class Reloaded:
    """What came of the reloads. `sent`: how many servers were sent a configuration that is new to them; `settled`:
    every server shows what it was sent; `problem` is the first refusal."""

    sent: int = 0
    settled: bool = False
    problem: Problem | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of one round. `children` are the live ones after it."""

    failure: ApplyFailure | None = None
    reloaded: Reloaded = field(default_factory=Reloaded)
    children: LiveChildren = field(default_factory=LiveChildren)

    @property
    def blocked(self) -> bool:
        return self.failure is not None and self.failure.blocking

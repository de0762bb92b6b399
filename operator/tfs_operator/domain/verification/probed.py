"""What came of asking one version on one pod for a prediction."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a version has answered."""

    GOOD = "Good"
    """It has answered with a prediction, and all that had to hold of it does."""

    BAD = "Bad"
    """It cannot answer, for a reason that no input can be blamed for, or answers otherwise than it has to."""

    UNPROVEN = "Unproven"
    """Nothing is known: no request could be made up, or the input may be to blame for the error, or none came."""


@dataclass(frozen=True)
class Probed:
    """The outcome, and why, in words for users that continue `version 2 on pod a: `; empty for GOOD."""

    outcome: Outcome
    words: str = ""

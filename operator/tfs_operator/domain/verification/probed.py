"""What came of asking one version on one pod for a prediction."""

from collections.abc import Sequence
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


NOTHING_ASKED = Probed(Outcome.UNPROVEN, "it was asked nothing")


def of_requests(answers: Sequence[Probed]) -> Probed:
    """Combines the answers to several tries of one signature: one prediction shows that the others failed for their
    input, else one failure that no input explains is enough."""
    return _first(answers, (Outcome.GOOD, Outcome.BAD, Outcome.UNPROVEN))


def of_signatures(answers: Sequence[Probed]) -> Probed:
    """Combines what is known of several signatures, or of several requests of users: one that fails is enough."""
    return _first(answers, (Outcome.BAD, Outcome.GOOD, Outcome.UNPROVEN))


def _first(answers: Sequence[Probed], order: Sequence[Outcome]) -> Probed:
    ranked = sorted(answers, key=lambda answer: order.index(answer.outcome))
    return ranked[0] if ranked else NOTHING_ASKED

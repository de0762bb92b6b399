"""Defines what is known of a version once it was asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What an answer says of the version that gave it."""

    GOOD = "Good"
    """It has predicted, so its graph, its variables and its tables are there."""

    BAD = "Bad"
    """It failed in a way for which no input can be blamed: it cannot predict for anybody."""

    UNPROVEN = "Unproven"
    """The answer may be due to the request, or there is none."""


@dataclass(frozen=True)
class Probed:
    """The outcome for one version. `words` are for users: what was asked, and the server's own words."""

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

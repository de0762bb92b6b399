"""What came of asking one version on one pod for a prediction."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tfs_operator.domain.foreign_text import one_line

_LONGEST = 2000


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
    """The outcome, and why, in words for users that continue `version 2 on pod a: `; empty for GOOD. The names and the
    errors in these are the model's, so they are put on one line."""

    outcome: Outcome
    words: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", one_line(self.words, _LONGEST))


_NOTHING_ASKED = Probed(Outcome.UNPROVEN, "it was asked nothing")


def of_requests(answers: Sequence[Probed]) -> Probed:
    """Combines the answers to several tries of one signature: one prediction shows that the others failed for their
    input, else one failure that no input explains is enough."""
    return _first(answers, (Outcome.GOOD, Outcome.BAD, Outcome.UNPROVEN))


def concluded(required: Sequence[Probed], signatures: Sequence[Probed]) -> Probed:
    """Combines all that is known of a version. `required` is what users ask for: it decides where it fails or could not
    be judged. `signatures` are the answers to made-up requests: one signature that fails is enough."""
    made_up = _first(signatures, (Outcome.BAD, Outcome.GOOD, Outcome.UNPROVEN))
    if not required:
        return made_up
    by_user = _first(required, (Outcome.BAD, Outcome.UNPROVEN, Outcome.GOOD))
    only_made_up_is_bad = made_up.outcome is Outcome.BAD and by_user.outcome is not Outcome.BAD
    return made_up if only_made_up_is_bad else by_user


def _first(answers: Sequence[Probed], order: Sequence[Outcome]) -> Probed:
    ranked = sorted(answers, key=lambda answer: order.index(answer.outcome))
    return ranked[0] if ranked else _NOTHING_ASKED

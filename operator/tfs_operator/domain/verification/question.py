"""Defines what a version is asked, and whether an earlier answer still holds when something else is asked."""

from dataclasses import dataclass, replace

from tfs_operator.domain.verification.probed import Outcome, Probed


@dataclass(frozen=True)
class Question:
    """What a version is asked. `against` are the versions over which it would be labelled: its signatures are compared
    with theirs, unless `any_signatures` are allowed."""

    against: frozenset[int] = frozenset()
    made_up: bool = True
    any_signatures: bool = False


@dataclass(frozen=True)
class Answered:
    """What came of a question."""

    question: Question
    probed: Probed

    def settles(self, question: Question) -> bool:
        """Tells whether the other question has the same answer. What was compared with more versions holds for fewer,
        and what has failed with fewer fails with more: so an answer stays while labels move from pod to pod."""
        if replace(self.question, against=question.against) != question:
            return False
        if self.probed.outcome is Outcome.BAD:
            return self.question.against <= question.against
        return self.question.against >= question.against

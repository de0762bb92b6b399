"""For which questions an answer holds."""

import pytest

from tfs_operator.domain.verification import Answered, Outcome, Probed, Question

GOOD, BAD, UNPROVEN = (Probed(outcome) for outcome in (Outcome.GOOD, Outcome.BAD, Outcome.UNPROVEN))


def against(*versions: int) -> Question:
    return Question(frozenset(versions))


@pytest.mark.parametrize("probed", [GOOD, BAD, UNPROVEN])
def test_the_same_question_is_settled(probed: Probed) -> None:
    assert Answered(against(1, 2), probed).settles(against(2, 1))


@pytest.mark.parametrize("probed", [GOOD, BAD, UNPROVEN])
def test_another_question_is_not(probed: Probed) -> None:
    assert not Answered(Question(made_up=True), probed).settles(Question(made_up=False))


@pytest.mark.parametrize("probed", [GOOD, UNPROVEN])
def test_what_was_compared_holds_when_there_is_less_to_compare(probed: Probed) -> None:
    """The label has moved on this pod meanwhile."""
    assert Answered(against(1), probed).settles(against())
    assert not Answered(against(), probed).settles(against(1))


def test_what_fails_by_itself_fails_beside_others_too() -> None:
    assert Answered(against(), BAD).settles(against(1))
    assert not Answered(against(1), BAD).settles(against())

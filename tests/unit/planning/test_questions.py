"""Over which versions a version would be labelled, and what it is therefore asked."""

import pytest

from tests.unit.planning.passes import serves
from tfs_operator.api.verify import Verify
from tfs_operator.domain.model_config import Latest, ModelConfig, Specific, VersionPolicy
from tfs_operator.domain.observation import ModelObservation
from tfs_operator.domain.verification import Question
from tfs_operator.planning.questions import question, superseded


def over(version: int, labels: dict[str, int], *seen: ModelObservation) -> set[int]:
    committed = ModelConfig("m", "/m", Specific((1,)))
    aspired = ModelConfig("m", "/m", Specific(tuple(sorted({*labels.values()}))), labels)
    return set(superseded(version, aspired, committed, seen))


class TestLabels:
    def test_the_version_that_its_label_answers_now(self) -> None:
        assert over(2, {"stable": 2}, serves(1, 2, stable=1)) == {1}

    def test_all_that_its_labels_answer_on_any_pod(self) -> None:
        now = (serves(1, 2, stable=1, beta=3), serves(1, 2, 4, stable=2, beta=1))
        assert over(5, {"stable": 5, "beta": 5}, *now) == {1, 2, 3}

    def test_none_for_a_label_that_is_new_or_has_moved(self) -> None:
        assert over(2, {"stable": 1, "canary": 2}, serves(1, 2, stable=1)) == set()
        assert over(2, {"stable": 2}, serves(1, 2, stable=2)) == set()

    def test_none_for_a_rollback(self) -> None:
        assert over(1, {"stable": 1}, serves(1, 2, stable=2)) == set()

    def test_what_has_no_label_takes_no_place(self) -> None:
        assert over(3, {"stable": 1}, serves(1, 3, stable=1)) == set()

    def test_no_pod_answers(self) -> None:
        assert over(2, {"stable": 2}) == set()


class TestWithoutLabels:
    @pytest.mark.parametrize("policy", [Specific((2,)), Latest(1)])
    def test_the_newest_before_it(self, policy: VersionPolicy) -> None:
        aspired, committed = ModelConfig("m", "/m", policy), ModelConfig("m", "/m", Specific((1,)))
        assert superseded(3, aspired, committed, [serves(1, 2, 3, 4)]) == {2}
        assert superseded(1, aspired, None, [serves(1, 2)]) == frozenset()
        assert superseded(1, aspired, None, []) == frozenset()

    def test_none_for_one_that_is_committed(self) -> None:
        """Both are served by their numbers, and may be for different clients."""
        both = ModelConfig("m", "/m", Specific((1, 2)))
        assert superseded(2, both, both, [serves(1, 2)]) == frozenset()


def test_what_the_spec_asks() -> None:
    assert question(Verify(), frozenset({1})) == Question(frozenset({1}))
    assert question(Verify(made_up=False), frozenset()) == Question(made_up=False)
    assert question(Verify(allow_signature_change=True), frozenset()) == Question(any_signatures=True)

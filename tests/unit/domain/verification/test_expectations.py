"""Whether an answer is what rollout.verify asks for."""

import json
from typing import Any

import pytest

from tfs_operator.domain.verification import Answer, Outcome, Probed, UserRequest, expectations

REQUEST = UserRequest("request seven", '{"instances": [7]}')
GOOD = Probed(Outcome.GOOD)


def answer(value: Any) -> Answer:
    return Answer(200, value if isinstance(value, str) else json.dumps(value))


def error(status: int, words: str) -> Answer:
    return Answer(status, json.dumps({"error": words}))


def expecting(equals: Any, tolerance: float | None = None) -> UserRequest:
    return UserRequest("request seven", "{}", equals=json.dumps(equals), tolerance=tolerance)


def words(probed: Probed) -> str:
    assert probed.outcome is Outcome.BAD
    return probed.words.removeprefix("request seven: ")


class TestAnyAnswer:
    @pytest.mark.parametrize(
        "value", [{"predictions": [0.5, 1, "cat", True, None]}, {"outputs": {"a": [], "b": 1e300}}]
    )
    def test_a_prediction_is_enough(self, value: Any) -> None:
        assert expectations.check(REQUEST, answer(value)) == GOOD

    def test_an_error_is_not_whatever_it_is(self) -> None:
        """Users send what the model takes, so a refusal of the input is the version's fault."""
        refused = error(400, "In[0] ndims must be >= 2: 1")
        assert words(expectations.check(REQUEST, refused)) == "HTTP 400: In[0] ndims must be >= 2: 1"
        html = Answer(404, "<html>")
        assert words(expectations.check(REQUEST, html)) == "HTTP 404, without an error of TensorFlow Serving"
        after = error(400, "Failed to write JSON value for tensor type: half")
        assert words(expectations.check(REQUEST, after)).startswith("HTTP 400")

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ("<html>", "its answer is not JSON"),
            ("[" * 100_000, "its answer is nested too deep"),
            (
                f"[{'{},' * 100_001}0]",
                "its answer has more than 100000 lists and objects and cannot be checked: ask for less",
            ),
        ],
    )
    def test_what_cannot_be_read(self, value: str, said: str) -> None:
        assert words(expectations.check(REQUEST, answer(value))) == said

    def test_an_answer_that_is_too_long(self) -> None:
        found = expectations.check(REQUEST, Answer(200, "x" * 4096, whole=False))
        assert words(found) == "its answer exceeds 4 KiB and cannot be checked: ask for less"


class TestFinite:
    @pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
    def test_numbers_that_are_not(self, token: str) -> None:
        found = expectations.check(REQUEST, answer(f'{{"predictions": [{{"p": [0.5, {token}]}}]}}'))
        assert words(found) == f"predictions[0].p[1] is {token}, which is not finite"

    def test_they_may_be_allowed(self) -> None:
        allowed = UserRequest("request seven", "{}", finite=False)
        assert expectations.check(allowed, answer('{"predictions": [NaN]}')) == GOOD


class TestEquals:
    @pytest.mark.parametrize("value", [{"predictions": [1, 2.5, "a", True]}, {"outputs": {"x": [[1]], "y": []}}])
    def test_the_same(self, value: Any) -> None:
        assert expectations.check(expecting(value), answer(value)) == GOOD

    def test_numbers_are_compared_as_numbers(self) -> None:
        assert expectations.check(expecting({"predictions": [1]}), answer({"predictions": [1.0]})) == GOOD

    @pytest.mark.parametrize(
        ("expected", "found", "said"),
        [
            ({"predictions": [0.5]}, {"predictions": [0.6]}, "predictions[0] is 0.6 instead of 0.5"),
            ({"predictions": [1]}, {"predictions": [True]}, "predictions[0] is true instead of 1"),
            ({"predictions": ["a"]}, {"predictions": [None]}, 'predictions[0] is null instead of "a"'),
            ({"predictions": [1, 2]}, {"predictions": [1]}, "predictions has 1 items instead of 2"),
            ({"predictions": [1]}, {"outputs": [1]}, "its answer has outputs instead of predictions"),
            ({"outputs": {"a": 1}}, {"outputs": {"b": 1, "a": 1}}, "outputs has a, b instead of a"),
            ({"outputs": {"a": [[1, 2]]}}, {"outputs": {"a": [[1, 3]]}}, "outputs.a[0][1] is 3 instead of 2"),
            ({"outputs": 1}, {"outputs": [1]}, "outputs is [1] instead of 1"),
            ({"predictions": [10**400]}, {"predictions": [1.5]}, f"predictions[0] is 1.5 instead of {'1' + '0' * 58}…"),
        ],
    )
    def test_the_first_difference_is_named(self, expected: Any, found: Any, said: str) -> None:
        assert words(expectations.check(expecting(expected), answer(found))) == said

    def test_a_long_value_is_shortened(self) -> None:
        found = expectations.check(expecting({"predictions": ["a"]}), answer({"predictions": ["b" * 9999]}))
        assert len(words(found)) < 120


class TestTolerance:
    @pytest.mark.parametrize(
        ("expected", "found", "near"),
        [
            (0.5, 0.505, True),
            (0.5, 0.52, False),
            (1000, 1009, True),
            (1000, 1011, False),
            (-1000, -991, True),
            (0, 0.01, True),
            (0, 0.011, False),
        ],
    )
    def test_it_is_absolute_up_to_one_and_a_share_beyond(self, expected: float, found: float, near: bool) -> None:
        request = expecting({"predictions": [expected]}, tolerance=0.01)
        assert (expectations.check(request, answer({"predictions": [found]})) == GOOD) is near

    @pytest.mark.parametrize(("expected", "found"), [("Infinity", "1"), ("1", "Infinity"), ("NaN", "1"), ("1", "NaN")])
    def test_nothing_is_near_to_what_is_not_finite(self, expected: str, found: str) -> None:
        request = UserRequest("request seven", "{}", False, f'{{"predictions": [{expected}]}}', 1e30)
        assert expectations.check(request, answer(f'{{"predictions": [{found}]}}')).outcome is Outcome.BAD

    @pytest.mark.parametrize("token", ["NaN", "Infinity"])
    def test_but_itself(self, token: str) -> None:
        request = UserRequest("request seven", "{}", False, f'{{"predictions": [{token}]}}')
        assert expectations.check(request, answer(f'{{"predictions": [{token}]}}')) == GOOD


class TestBesideTheVersionBefore:
    NEAR = UserRequest("request seven", "{}", tolerance=0.1)
    HALF = answer({"predictions": [0.5]})

    def test_a_tolerance_alone_compares(self) -> None:
        assert self.NEAR.compares
        assert not expecting({}, tolerance=0.1).compares
        assert not REQUEST.compares

    def test_near_enough(self) -> None:
        assert expectations.compare(self.NEAR, answer({"predictions": [0.55]}), 1, self.HALF) == GOOD

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ({"predictions": [0.7]}, "predictions[0] is 0.7 instead of 0.5 by version 1"),
            ({"predictions": [0.5, 0.5]}, "predictions has 2 items instead of 1 by version 1"),
        ],
    )
    def test_too_far(self, value: Any, said: str) -> None:
        assert words(expectations.compare(self.NEAR, answer(value), 1, self.HALF)) == said

    @pytest.mark.parametrize("before", [error(400, "no"), answer("<html>"), Answer(200, "{", whole=False)])
    def test_what_the_version_before_cannot_do_either_proves_nothing(self, before: Answer) -> None:
        assert expectations.compare(self.NEAR, self.HALF, 1, before) == Probed(
            Outcome.UNPROVEN, "request seven: version 1 gives no answer with which it could be compared"
        )


class TestWhatTheVersionIsNotToBlameFor:
    def test_it_is_gone(self) -> None:
        assert expectations.is_gone(error(404, "Servable not found for request: Specific(m, 2)"))
        assert not expectations.is_gone(error(404, "Op type not registered 'NoSuchOp' in binary"))

    def test_the_server_is_busy(self) -> None:
        assert expectations.is_busy(error(503, "The batch scheduling queue to which this task was submitted is full"))
        assert expectations.is_busy(Answer(504, "<html>"))
        assert not expectations.is_busy(error(429, "OOM when allocating tensor with shape[1,2]"))
        assert not expectations.is_busy(error(500, "no"))

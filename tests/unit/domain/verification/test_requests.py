"""How the requests of rollout.verify are read, from the spec and from a ConfigMap, and what is said of bad ones."""

import json
from typing import Any

import pytest

from tfs_operator.api.verify import Verify
from tfs_operator.domain.verification import BadRequests, Stored, UserRequest, read_requests

SEVEN = {"name": "seven", "body": '{"instances": [7]}'}
DEEP = '{"instances": ' + "[" * 100_000 + "]" * 100_000 + "}"


def verify(*requests: dict[str, Any], stored: bool = False) -> Verify:
    spec: dict[str, Any] = {"requests": list(requests)}
    spec |= {"configMap": {"name": "digits"}} if stored else {}
    return Verify.model_validate(spec, by_alias=True, by_name=False)


def read(*requests: dict[str, Any], models: tuple[str, ...] = (), model: str = "m") -> tuple[UserRequest, ...]:
    return read_requests(verify(*requests), None, model, models)


def read_stored(content: Any, models: tuple[str, ...] = (), model: str = "m") -> tuple[UserRequest, ...]:
    """Of the key requests.json; `content` as JSON unless it is a text."""
    text = content if isinstance(content, str) else json.dumps(content)
    return read_requests(verify(stored=True), Stored(text), model, models)


def refused(call: Any, *given: Any, **more: Any) -> str:
    with pytest.raises(BadRequests) as refusal:
        call(*given, **more)
    return str(refusal.value)


class TestOfTheSpec:
    def test_what_they_expect(self) -> None:
        equals = '{"predictions": [0.5]}'
        assert read(SEVEN, {**SEVEN, "name": "eight", "finite": False, "equals": equals, "tolerance": 0.1}) == (
            UserRequest("rollout.verify.requests[seven]", SEVEN["body"]),
            UserRequest("rollout.verify.requests[eight]", SEVEN["body"], False, equals, 0.1),
        )

    def test_none(self) -> None:
        assert read() == ()

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ('{"instances": [7]', "is not JSON: Expecting ',' delimiter: line 1 column 18 (char 17)"),
            ("{}", "is not a JSON object with instances or inputs"),
            ('{"examples": []}', "is not a JSON object with instances or inputs"),
            (DEEP[:60_000], "is nested too deep"),
        ],
    )
    def test_a_body_that_no_server_takes(self, body: str, words: str) -> None:
        assert refused(read, {**SEVEN, "body": body}) == f"rollout.verify.requests[seven].body {words}"

    def test_an_expected_answer_that_is_none(self) -> None:
        words = refused(read, {**SEVEN, "equals": '{"instances": [7]}'})
        assert words == "rollout.verify.requests[seven].equals is not a JSON object with predictions or outputs"

    def test_each_model_has_its_own(self) -> None:
        to = [{**SEVEN, "name": name, "model": name} for name in ("cats", "dogs")]
        found = read(*to, models=("cats", "dogs"), model="dogs")
        assert [each.where for each in found] == ["rollout.verify.requests[dogs]"]

    def test_a_request_to_no_model_of_several(self) -> None:
        words = refused(read, SEVEN, models=("cats", "dogs"))
        assert words == "rollout.verify.requests[seven] names no model: model has to be one of cats, dogs"

    def test_the_only_model_may_be_named(self) -> None:
        assert read({**SEVEN, "model": "m"}) == read(SEVEN)
        words = refused(read, {**SEVEN, "model": "n"})
        assert words == "rollout.verify.requests[seven] names the model n: model has to be one of m"


class TestOfAConfigMap:
    def test_bodies_and_answers_may_be_objects(self) -> None:
        [found] = read_stored([{"name": "seven", "body": {"inputs": {"x": [7]}}, "equals": {"outputs": [1]}}])
        assert found == UserRequest(
            "ConfigMap digits, key requests.json, request seven", '{"inputs": {"x": [7]}}', equals='{"outputs": [1]}'
        )

    def test_they_come_beside_those_of_the_spec(self) -> None:
        found = read_requests(verify(SEVEN, stored=True), Stored(json.dumps([SEVEN])), "m", ())
        assert len(found) == 2

    def test_they_may_be_longer(self) -> None:
        [found] = read_stored([{**SEVEN, "body": '{"instances": [' + "1," * 200_000 + "1]}"}])
        assert len(found.body) > 400_000

    def test_it_is_missing(self) -> None:
        stored = Stored(problem="does not exist in namespace shop: create it, or remove the field")
        assert refused(read_requests, verify(stored=True), stored, "m", ()) == (
            "ConfigMap digits, which rollout.verify.configMap names, does not exist in namespace shop: create it, or "
            "remove the field"
        )

    def test_it_was_not_read_yet(self) -> None:
        assert "was not read yet" in refused(read_requests, verify(stored=True), None, "m", ())

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("", ": it is not JSON: Expecting value: line 1 column 1 (char 0)"),
            ("{", ": it is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
            ({"name": "seven"}, ": it is not a list of at most 64 requests"),
            ([SEVEN] * 65, ": it is not a list of at most 64 requests"),
            ([SEVEN, SEVEN], ": the name seven is there twice"),
            ([7], ", item 0: it: Input should be a valid dictionary or instance of StoredRequest"),
            ([{"name": "seven"}], ", item 0: body: Field required"),
            ([SEVEN, {**SEVEN, "bdy": ""}], ", item 1: bdy: Extra inputs are not permitted"),
            ([{**SEVEN, "body": "7"}], ", item 0: body: String should have at least 2 characters"),
            ([{**SEVEN, "tolerance": "a"}], ", item 0: tolerance: Input should be a valid number"),
            ([{**SEVEN, "tolerance": -1}], ", item 0: tolerance: Input should be greater than or equal to 0"),
            (f'[{{"name": "a", "body": {DEEP}}}]', ": it is nested too deep"),
            ([{**SEVEN, "body": {"x": 1}}], ", request seven.body is not a JSON object with instances or inputs"),
            ([{**SEVEN, "model": "n"}], ", request seven names the model n: model has to be one of m"),
        ],
    )
    def test_what_is_wrong_with_its_content(self, content: Any, words: str) -> None:
        assert refused(read_stored, content) == f"ConfigMap digits, key requests.json{words}"

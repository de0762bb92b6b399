"""Rules: both halves of each decide the same. The API server answers to the same table in tests/integration."""

import re

import pytest
from pydantic import BaseModel, ValidationError

from testing.schema.schema_cases import CASES, Case
from tests.unit.api.specs import problems
from tfs_operator.api.base import ApiModel
from tfs_operator.api.rules import Rule, cel_extension, each_key, enforce, found, given, lacks, matches

SPEC_CASES = [case for case in CASES if not case.is_status]


@pytest.mark.parametrize("case", SPEC_CASES, ids=str)
def test_what_keeps_the_rule_is_accepted(case: Case) -> None:
    assert problems(case.accepted) == []


@pytest.mark.parametrize("case", [case for case in SPEC_CASES if case.refused is not None], ids=str)
def test_what_breaks_the_rule_is_refused_under_the_path_of_its_field(case: Case) -> None:
    assert case.refused is not None
    first, *others = problems(case.refused)
    path = case.path.replace("[]", ".0").split(".*")[0] or ("spec" if "required" in case.constraint else "metadata")
    assert first.startswith(path.removesuffix(".0"))
    assert others == []
    if case.is_cel:
        assert first.endswith(f": {case.constraint}")


class TestFound:
    """RE2's answers, by Python's engine."""

    @pytest.mark.parametrize(("text", "answer"), [("a", True), ("a\n", False), ("b\na", False), ("", False)])
    def test_dollar_is_the_end_of_the_text_and_caret_its_start(self, text: str, answer: bool) -> None:
        assert found("^a$", text) is answer

    def test_a_pattern_without_anchors_is_found_anywhere(self) -> None:
        assert found("b", "abc")

    def test_a_dot_is_no_line_feed(self) -> None:
        assert not found("^a.b$", "a\nb")


class TestRule:
    def test_matches(self) -> None:
        rule = matches("^a", "m")
        assert (rule.cel, rule.message) == ("self.matches(r'^a')", "m")
        assert (rule.check("ab"), rule.check("ba")) == (True, False)

    def test_lacks(self) -> None:
        rule = lacks("^a", "m")
        assert rule.cel == "!self.matches(r'^a')"
        assert (rule.check("ab"), rule.check("ba")) == (False, True)

    def test_given_asks_the_second_only_where_the_first_holds(self) -> None:
        rule = given(matches("^a", "first"), matches("b$", "second"))
        assert rule.cel == "!(self.matches(r'^a')) || self.matches(r'b$')"
        assert rule.message == "second"
        assert [rule.check(text) for text in ("ab", "ac", "cc")] == [True, False, True]

    def test_each_key(self) -> None:
        rule = each_key("^a$", "m")
        assert rule.cel == "self.all(key, key.matches(r'^a$'))"
        assert [rule.check(mapping) for mapping in ({"a": 1}, {"a": 1, "b": 1}, {})] == [True, False, True]

    def test_the_extension_holds_every_rule_in_order(self) -> None:
        rules = (Rule("c1", bool, "m1"), Rule("c2", bool, "m2"))
        expected = [{"rule": "c1", "message": "m1"}, {"rule": "c2", "message": "m2"}]
        assert cel_extension(rules) == {"x-kubernetes-validations": expected}


class TestEnforce:
    RULES = (matches("^a", "begins with {a}"), matches("b$", "ends with b"))

    def test_a_good_value_comes_back(self) -> None:
        assert enforce(self.RULES, "ab") == "ab"

    def test_the_first_broken_rule_speaks_and_its_braces_stay(self) -> None:
        with pytest.raises(ValueError, match=re.escape("begins with {a}")):
            enforce(self.RULES, "c")


def test_a_rule_over_several_fields_is_kept_by_its_model() -> None:
    class Pair(ApiModel):
        a: int
        b: int
        rules = (Rule("self.a < self.b", lambda pair: pair.a < pair.b, "a must be below b"),)

    assert Pair(a=1, b=2).b == 2
    assert issubclass(Pair, BaseModel)
    with pytest.raises(ValidationError, match="a must be below b"):
        Pair(a=2, b=1)

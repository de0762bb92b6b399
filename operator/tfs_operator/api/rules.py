"""A validation rule, said once: as CEL for the API server, as Python for `tfs-operator render`, with one message.

The API server is the one that refuses a bad TFModel; the Python half gives the same answer where there is no
cluster, and guards the operator against a CRD that is older than itself.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError


@dataclass(frozen=True)
class Rule:
    """`cel` and `check` decide the same about one value; `message` tells the user what is wrong and what to do."""

    cel: str
    check: Callable[[Any], bool]
    message: str


def found(pattern: str, text: str) -> bool:
    """RE2's answer: its `$` is the end of the text, where Python's lets a last line feed follow."""
    return re.search(pattern.replace("$", r"\Z"), text) is not None


def matches(pattern: str, message: str) -> Rule:
    """A string in which `pattern` (RE2 syntax, unanchored) is found."""
    return Rule(f"self.matches(r'{pattern}')", lambda text: found(pattern, text), message)


def lacks(pattern: str, message: str) -> Rule:
    """A string in which `pattern` (RE2 syntax, unanchored) is not found."""
    return Rule(f"!self.matches(r'{pattern}')", lambda text: not found(pattern, text), message)


def given(first: Rule, then: Rule) -> Rule:
    """`then`, but only where `first` holds: one mistake, one message."""
    return Rule(
        f"!({first.cel}) || {then.cel}", lambda value: not first.check(value) or then.check(value), then.message
    )


def each_key(pattern: str, message: str) -> Rule:
    """A map whose keys all contain `pattern`."""
    return Rule(
        f"self.all(key, key.matches(r'{pattern}'))",
        lambda mapping: all(found(pattern, key) for key in mapping),
        message,
    )


def cel_extension(rules: tuple[Rule, ...]) -> dict[str, Any]:
    """The rules as `x-kubernetes-validations`.

    Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
    """
    return {"x-kubernetes-validations": [{"rule": rule.cel, "message": rule.message} for rule in rules]}


def enforce(rules: tuple[Rule, ...], value: Any) -> Any:
    """Returns `value`, or raises the first broken rule's message as a pydantic error."""
    for rule in rules:
        if not rule.check(value):
            raise PydanticCustomError("rule", "{message}", {"message": rule.message})
    return value


def ruled(*rules: Rule) -> tuple[AfterValidator, Any]:
    """Both halves of `rules` as annotations of a field's type: `Annotated[str, *ruled(...)]`."""
    return AfterValidator(lambda value: enforce(rules, value)), Field(json_schema_extra=cel_extension(rules))

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
    only_new: bool = False
    """Whether it holds for objects that are created only: one that was stored before the rule came is changed and
    served as ever. The caller of `enforce` knows which object is new."""


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
    return {"x-kubernetes-validations": [_validation(rule) for rule in rules]}


def _validation(rule: Rule) -> dict[str, Any]:
    """`oldSelf` is what is stored already, and empty when an object is created: Kubernetes 1.30 and newer."""
    if not rule.only_new:
        return {"rule": rule.cel, "message": rule.message}
    return {"rule": f"oldSelf.hasValue() || ({rule.cel})", "message": rule.message, "optionalOldSelf": True}


def enforce(rules: tuple[Rule, ...], value: Any) -> Any:
    """Returns `value`, or raises the first broken rule's message as a pydantic error."""
    for rule in rules:
        if not rule.check(value):
            raise PydanticCustomError("rule", "{message}", {"message": rule.message})
    return value


def ruled(*rules: Rule) -> tuple[AfterValidator, Any]:
    """Both halves of `rules` as annotations of a field's type: `Annotated[str, *ruled(...)]`."""
    return AfterValidator(lambda value: enforce(rules, value)), Field(json_schema_extra=cel_extension(rules))

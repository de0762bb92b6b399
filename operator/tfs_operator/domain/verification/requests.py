"""Reads the requests of rollout.verify: those of the spec, and those of a ConfigMap.

What cannot be read fails no version: it is the user's to correct, and until then new versions wait.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from tfs_operator.api.verify import StoredRequest, Verify, VerifyRequest

_FIELD = "rollout.verify"
_MOST = 64


@dataclass(frozen=True)
class UserRequest:
    """One request. `where` says where it comes from; `body` and `equals` are JSON texts. `tolerance` is for `equals`,
    or for the answer of the version that is superseded where that is None."""

    where: str
    body: str
    finite: bool = True
    equals: str | None = None
    tolerance: float | None = None

    @property
    def compares(self) -> bool:
        """Whether the answer is compared with that of the version that is superseded."""
        return self.tolerance is not None and self.equals is None


@dataclass(frozen=True)
class Stored:
    """What is known of the ConfigMap: the text of its key, or the `problem` that there is with it."""

    text: str = ""
    problem: str = ""


class BadRequests(ValueError):
    """The requests cannot be used; the text says which one, and what to do."""


def read_requests(
    verify: Verify, stored: Stored | None, model: str, models: Collection[str]
) -> tuple[UserRequest, ...]:
    """Returns the requests to a model. `models` are the names in spec.models; none with modelUri. `stored` is the
    ConfigMap, None where none is named. Raises BadRequests."""
    found = [(f"{_FIELD}.requests[{each.name}]", each) for each in verify.requests or ()]
    if verify.config_map is not None:
        place = f"ConfigMap {verify.config_map.name}"
        found += _stored(place, verify.config_map.key, stored or Stored(problem="was not read yet"))
    for where, request in found:
        _check_model(where, request.model, models or (None, model))
    return tuple(_checked(where, each) for where, each in found if each.model in (None, model))


def _check_model(where: str, named: str | None, allowed: Collection[str | None]) -> None:
    if named not in allowed:
        names = ", ".join(sorted(filter(None, allowed)))
        said = "no model" if named is None else f"the model {named}"
        raise BadRequests(f"{where} names {said}: model has to be one of {names}")


def _stored(config_map: str, key: str, stored: Stored) -> list[tuple[str, VerifyRequest]]:
    if stored.problem:
        raise BadRequests(f"{config_map}, which {_FIELD}.configMap names, {stored.problem}")
    place = f"{config_map}, key {key}"
    return [(f"{place}, request {each.name}", each) for each in _parsed(place, stored.text)]


@lru_cache(maxsize=32)
def _parsed(place: str, text: str) -> tuple[VerifyRequest, ...]:
    """Raises BadRequests, which is not remembered."""
    try:
        found = tuple(_item(f"{place}, item {number}", item) for number, item in enumerate(_items(place, text)))
    except RecursionError:
        raise BadRequests(f"{place}: it is nested too deep") from None
    names = [each.name for each in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadRequests(f"{place}: the name {twice} is there twice")
    return found


def _items(place: str, text: str) -> list[Any]:
    try:
        items = json.loads(text)
    except ValueError as error:
        raise BadRequests(f"{place}: it is not JSON: {error}") from None
    if not isinstance(items, list) or len(items) > _MOST:
        raise BadRequests(f"{place}: it is not a list of at most {_MOST} requests")
    return items


def _item(place: str, item: Any) -> StoredRequest:
    try:
        return StoredRequest.model_validate(_with_texts(item), by_alias=True, by_name=False)
    except ValidationError as error:
        detail = error.errors(include_input=False, include_url=False)[0]
        path = ".".join(str(part) for part in detail["loc"])
        raise BadRequests(f"{place}: {path or 'it'}: {detail['msg']}") from None


def _with_texts(item: Any) -> Any:
    """A file may have body and equals as they are, without quotes around them."""
    if not isinstance(item, dict):
        return item
    return item | {name: json.dumps(item[name]) for name in ("body", "equals") if isinstance(item.get(name), dict)}


def _checked(where: str, request: VerifyRequest) -> UserRequest:
    _check(where, "body", request.body, ("instances", "inputs"))
    if request.equals is not None:
        _check(where, "equals", request.equals, ("predictions", "outputs"))
    return UserRequest(where, request.body, request.finite, request.equals, request.tolerance)


def _check(where: str, field: str, text: str, keys: tuple[str, str]) -> None:
    if problem := _problem(text, keys):
        raise BadRequests(f"{where}.{field} {problem}")


@lru_cache(maxsize=128)
def _problem(text: str, keys: tuple[str, str]) -> str:
    """Says what is wrong with a JSON text; empty when nothing is."""
    try:
        value = json.loads(text)
    except RecursionError:
        return "is nested too deep"
    except ValueError as error:
        return f"is not JSON: {error}"
    if not isinstance(value, dict) or value.keys().isdisjoint(keys):
        return f"is not a JSON object with {keys[0]} or {keys[1]}"
    return ""

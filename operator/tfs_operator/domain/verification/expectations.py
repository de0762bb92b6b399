"""Checks the answer to a request of rollout.verify: finite numbers, an exact answer, or one within a tolerance.

Answers are JSON as TensorFlow Serving writes it: NaN, Infinity and -Infinity stand for themselves.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from tfs_operator.domain.verification.judge import Answer, judge
from tfs_operator.domain.verification.probed import Outcome, Probed
from tfs_operator.domain.verification.requests import UserRequest

_NOT_SERVED = re.compile(r'"error": *"Servable not found for request: ')
_TOO_BUSY = {429, 503, 504}
_MOST_LISTS = 100_000
"""Lists and objects of an answer. Each costs as much time as ten numbers, of which the length of an answer allows a
million, and the decoder lets nothing else run meanwhile."""


class _Unreadable(Exception):
    """The answer cannot be checked; its text says why."""


def is_gone(answer: Answer) -> bool:
    """Tells whether the version is no longer loaded, so that the answer says nothing about it."""
    return answer.status == 404 and _NOT_SERVED.search(answer.body) is not None


def is_busy(answer: Answer) -> bool:
    """Tells whether the server could not take the request at the moment; the same one may be answered later."""
    return answer.status in _TOO_BUSY and judge("", answer).outcome is Outcome.UNPROVEN


def check(request: UserRequest, answer: Answer) -> Probed:
    """Judges the answer by itself. Whatever is no prediction fails: users send what the model takes."""
    if answer.status != 200:
        return _bad(request, judge("", answer).words.removeprefix(": ") or f"HTTP {answer.status}")
    try:
        found = _read(answer)
        words = _infinite(found) if request.finite else None
        if words is None and request.equals is not None:
            words = _difference(json.loads(request.equals), found, request.tolerance or 0.0)
    except _Unreadable as error:
        return _bad(request, str(error))
    except RecursionError:
        return _bad(request, "its answer is nested too deep")
    return Probed(Outcome.GOOD) if words is None else _bad(request, words)


def compare(request: UserRequest, answer: Answer, present: int, by_present: Answer) -> Probed:
    """Judges the answer by that of the version `present` to the same request, as far as that has one."""
    try:
        expected = _read(by_present) if by_present.status == 200 else None
    except (_Unreadable, RecursionError):
        expected = None
    if expected is None:
        return unproven(request, f"version {present} gives no answer with which it could be compared")
    try:
        words = _difference(expected, _read(answer), request.tolerance or 0.0)
    except _Unreadable as error:
        return _bad(request, str(error))
    except RecursionError:
        return _bad(request, "its answer is nested too deep")
    return Probed(Outcome.GOOD) if words is None else _bad(request, f"{words} by version {present}")


def late(request: UserRequest, words: str) -> Probed:
    """Returns what is known of a version that gave no answer: it has not shown what it has to."""
    return _bad(request, words)


def unproven(request: UserRequest, words: str) -> Probed:
    """Returns what is known where the request could not be judged."""
    return Probed(Outcome.UNPROVEN, f"{request.where}: {words}")


def _bad(request: UserRequest, words: str) -> Probed:
    return Probed(Outcome.BAD, f"{request.where}: {words}")


def _read(answer: Answer) -> Any:
    if not answer.whole:
        raise _Unreadable(f"its answer exceeds {len(answer.body) // 1024} KiB and cannot be checked: ask for less")
    if answer.body.count("[") + answer.body.count("{") > _MOST_LISTS:
        raise _Unreadable(
            f"its answer has more than {_MOST_LISTS} lists and objects and cannot be checked: ask for less"
        )
    try:
        return json.loads(answer.body)
    except ValueError:
        raise _Unreadable("its answer is not JSON") from None


def _infinite(found: Any) -> str | None:
    """Describes the first number that is not finite."""
    for path, value in _leaves(found):
        if isinstance(value, float) and not math.isfinite(value):
            return f"{path} is {_text(value)}, which is not finite"
    return None


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _leaves(item, f"{path}[{place}]")
    else:
        yield path, value


def _difference(expected: Any, found: Any, tolerance: float, path: str = "") -> str | None:
    """Describes the first difference; it continues `instead of …`."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return _difference_of_objects(expected, found, tolerance, path)
    if isinstance(expected, list) and isinstance(found, list):
        return _difference_of_lists(expected, found, tolerance, path)
    if _is_near(expected, found, tolerance):
        return None
    return f"{path or 'its answer'} is {_text(found)} instead of {_text(expected)}"


def _difference_of_objects(expected: Any, found: Any, tolerance: float, path: str) -> str | None:
    if expected.keys() != found.keys():
        return f"{path or 'its answer'} has {_names(found)} instead of {_names(expected)}"
    each = (
        _difference(expected[name], found[name], tolerance, f"{path}.{name}" if path else name) for name in expected
    )
    return next((words for words in each if words), None)


def _difference_of_lists(expected: Any, found: Any, tolerance: float, path: str) -> str | None:
    if len(expected) != len(found):
        return f"{path} has {len(found)} items instead of {len(expected)}"
    pairs = enumerate(zip(expected, found, strict=True))
    each = (_difference(old, new, tolerance, f"{path}[{place}]") for place, (old, new) in pairs)
    return next((words for words in each if words), None)


def _is_near(expected: Any, found: Any, tolerance: float) -> bool:
    if not (_is_number(expected) and _is_number(found)):
        return type(expected) is type(found) and bool(expected == found)
    if expected == found or (expected != expected and found != found):  # NaN differs from itself
        return True
    try:
        finite = math.isfinite(expected) and math.isfinite(found)
        return finite and bool(abs(found - expected) <= tolerance * max(1.0, abs(expected)))
    except OverflowError:  # an integer beyond any float
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _names(value: dict[str, Any]) -> str:
    return ", ".join(sorted(value)) or "nothing"


def _text(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:59] + "…"

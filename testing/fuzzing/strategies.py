"""Hypothesis strategies for what others may send: valid input that was changed, any bytes, and too much of it."""

import copy
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from testing.hostile import SNIPPETS

UNPRINTABLE = ("\ud83d", "\u202e", "\x1b[2J", "\x1b]0;x\x07", "a\nb", "\x00", "\x85", "\u2028")
"""The first is half a character: JSON can have it, as an escape, and UTF-8 cannot. The second turns what follows."""

TEXTS = st.one_of(
    st.sampled_from(UNPRINTABLE), st.sampled_from(SNIPPETS), st.sampled_from(["x" * 5000, ""]), st.text(max_size=12)
)

_WRITTEN: Mapping[str, str] = {
    "@4,000 digits@": "9" * 4000,
    "@5,000 digits@": "9" * 5000,
    "@exponent@": "1e99999",
    "@nested@": "[" * 900 + "]" * 900,
    "@nested deeply@": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "@many@": f"[{'0,' * 20_000}0]",
    "@too many@": f"[{'{},' * 150_000}0]",
    "@long@": f'"{"x" * 300_000}"',
    "@control@": '"\\u0000\\u001b[2J\\u202e\\ud83d\\n"',
}
"""What stands for JSON that Python's encoder does not write, or not in time."""

ODD_VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([None, True, False, 0, -1, 1, 2**31, 2**63 - 1, 2**63, 2**64, -(2**63) - 1]),
    st.sampled_from([float("nan"), float("inf"), -0.5, 1e308, "", "0", "-1", "1e3", "\u0661", [], {}, [[]], {"": {}}]),
    st.sampled_from(sorted(_WRITTEN)),
    st.integers(),
    TEXTS,
)
DAMAGES = ("byte", "cut", "remove", "insert", "overwrite", "repeat")
_EXTREMES = (b"\0" * 8, b"\xff" * 8, b"\x80" * 8, b"\x7f" + b"\xff" * 7, b"\xff" * 7 + b"\x7f", b"9" * 12, b"-1")
_BEGINNINGS = (b"", b"[", b"{", b'{"a":', b'{"error":', b'{"error":"', b'{"model_version_status":', b'{"models":')
_UNITS = (b"[", b"{},", b"[],", b"0,", b'"",', b'{"a":', b'"a":0,', b"\\u0000", b"\\", b" ", b"\0", b"9", b"\xff", b"a")
_ENDS = (b"", b"]", b"}", b"0]}", b'"}', b"]}")
MOST_BYTES = 2 * 2**20
FLOODS = st.builds(
    lambda beginning, unit, count, end: (beginning + unit * count)[:MOST_BYTES] + end,
    st.sampled_from(_BEGINNINGS),
    st.sampled_from(_UNITS),
    st.sampled_from([10, 1000, 40_000, 300_000, 1_500_000]),
    st.sampled_from(_ENDS),
)
"""The same again and again, up to MOST_BYTES."""


def bodies(documents: Sequence[Any]) -> st.SearchStrategy[bytes]:
    """Answers to a request: mostly one of the valid `documents`, changed in some places."""
    other, valid = changed(documents).map(written), [written(document) for document in documents]
    return st.one_of(other, other, damaged(valid), FLOODS, ANY_BYTES)


ANY_BYTES = st.binary(max_size=200) | st.sampled_from([b"<html><title>x</title></html>", b"null", b"[]", b"{}"])


def written(document: Any) -> bytes:
    """Returns the JSON of a document, cut at MOST_BYTES."""
    text = json.dumps(document)
    for name, json_text in _WRITTEN.items():
        text = text.replace(f'"{name}"', json_text)
    return text.encode()[:MOST_BYTES]


def changed(documents: Sequence[Any]) -> st.SearchStrategy[Any]:
    """One of the documents (JSON values) with one to three changes: an odd value in the place of another, a part that
    is left out, a part that is there twice or elsewhere."""

    @st.composite
    def change(draw: st.DrawFn) -> Any:
        document = {"": copy.deepcopy(documents[draw(st.integers(0, len(documents) - 1))])}
        for _ in range(draw(st.integers(1, 3))):
            places = list(_places(document))
            leaves = [(owner, key) for owner, key in places if not isinstance(owner[key], dict | list)]
            of_leaves = draw(st.booleans())
            chosen = leaves if leaves and of_leaves else places
            if chosen:
                _change(draw, *chosen[draw(st.integers(0, len(chosen) - 1))], places)
        return document.get("")

    return change()


def varied(documents: Sequence[Any], fixed: Collection[str], free: Collection[str]) -> st.SearchStrategy[Any]:
    """One of the documents with one to three changes after which every part has the type that it had, as behind a
    schema. Parts with a key of `fixed` stay, and those with a key of `free` may become anything."""

    @st.composite
    def vary(draw: st.DrawFn) -> Any:
        document = {"": copy.deepcopy(documents[draw(st.integers(0, len(documents) - 1))])}
        for _ in range(draw(st.integers(1, 3))):
            places = [(owner, key) for owner, key in _places(document) if key not in fixed]
            if places:
                owner, key = places[draw(st.integers(0, len(places) - 1))]
                owner[key] = copy.deepcopy(draw(ODD_VALUES if key in free else _odd(owner[key])))
        return document[""]

    return vary()


def _odd(value: Any) -> st.SearchStrategy[Any]:
    """Values of the same type."""
    if isinstance(value, dict):
        return st.dictionaries(TEXTS, st.just("a"), max_size=3) if _is_map(value) else st.just(value)
    if isinstance(value, list):
        return st.sampled_from([[], value * 50])
    if isinstance(value, bool):
        return st.booleans()
    return st.sampled_from([0, 1, -1, 2**31, 2**63 - 1]) if isinstance(value, int) else TEXTS


def _is_map(value: dict[str, Any]) -> bool:
    """Of texts by any key, such as labels."""
    return bool(value) and all(isinstance(each, str) for each in value.values())


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yields the owner and the key or index of every part."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _change(draw: st.DrawFn, owner: Any, key: Any, places: Sequence[tuple[Any, Any]]) -> None:
    kind = draw(st.sampled_from(["odd", "odd", "odd", "removed", "renamed", "another", "twice"]))
    if kind == "removed":
        owner.pop(key)
    elif kind == "renamed" and isinstance(owner, dict):
        owner[draw(TEXTS)] = owner.pop(key)
    elif kind == "another":
        other, name = places[draw(st.integers(0, len(places) - 1))]
        owner[key] = copy.deepcopy(other[name])
    elif kind == "twice" and isinstance(owner, list):
        owner[key:key] = [copy.deepcopy(owner[key]) for _ in range(draw(st.sampled_from([1, 50])))]
    else:
        owner[key] = copy.deepcopy(draw(ODD_VALUES))


def damaged(contents: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of the contents with one to four pieces of damage."""

    @st.composite
    def damage(draw: st.DrawFn) -> bytes:
        data = bytearray(contents[draw(st.integers(0, len(contents) - 1))])
        for _ in range(draw(st.integers(1, 4))):
            _damage(draw, data, draw(st.integers(0, len(data))), draw(st.sampled_from(DAMAGES)))
        return bytes(data)

    return damage()


def _damage(draw: st.DrawFn, data: bytearray, at: int, damage: str) -> None:
    if damage == "cut":
        del data[at:]
    elif damage == "remove":
        del data[at : at + draw(st.integers(1, 16))]
    elif damage == "repeat":
        data[at:at] = data[at : at + 16] * draw(st.sampled_from([1, 2, 100]))
    else:
        _put(draw, data, at, damage)


def _put(draw: st.DrawFn, data: bytearray, at: int, damage: str) -> None:
    if damage == "byte":
        data[at : at + 1] = bytes([draw(st.integers(0, 255))])
        return
    new = draw(st.sampled_from(_EXTREMES) | st.binary(min_size=1, max_size=8))
    data[at : at + (len(new) if damage == "overwrite" else 0)] = new

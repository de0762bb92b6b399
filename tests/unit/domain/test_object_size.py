"""The weight of a value is about the length of its JSON."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.domain.object_size import MAX_DEPTH, fits, weight

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.text(st.characters(min_codepoint=97, max_codepoint=122)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
)


@given(VALUES)
def test_a_value_weighs_about_what_its_json_has(value: Any) -> None:
    found = weight(value, 10**9)
    assert found is not None
    written = len(json.dumps(value, separators=(",", ":")))
    assert written / 3 <= found + 2 <= 3 * written + 4


def nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = {"a": value} if level % 2 else [value]
    return value


def test_what_is_nested_too_deep_does_not_fit() -> None:
    assert fits(nested(MAX_DEPTH - 1), 10**9)
    assert not fits(nested(MAX_DEPTH), 10**9)
    assert not fits(nested(100_000), 10**9)


def test_what_has_too_much_does_not_fit() -> None:
    assert fits({"a": "x" * 90}, 100)
    assert not fits({"a": "x" * 100}, 100)
    assert not fits([[[]] * 10, [[]] * 10, [[]] * 10], 60)

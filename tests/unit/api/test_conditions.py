"""Types and reasons: what users script against, so a change here breaks somebody."""

import re
from pathlib import Path

from tfs_operator.api.conditions import ConditionType, Reason

DOCUMENT = (Path(__file__).parents[3] / "docs/conditions.md").read_text()


def documented() -> list[str]:
    """The words in the first column of the document's tables."""
    rows = re.findall(r"^\| ([A-Z][^|]*) \|", DOCUMENT, re.MULTILINE)
    return [word for row in rows for word in row.split(", ")]


def test_every_type_and_every_reason_is_documented_and_nothing_else() -> None:
    assert sorted(documented()) == sorted([*ConditionType, *Reason])


def test_a_reason_is_one_word_as_kubernetes_wants_it() -> None:
    assert [reason for reason in Reason if not re.fullmatch("[A-Z][A-Za-z]{0,1023}", reason)] == []

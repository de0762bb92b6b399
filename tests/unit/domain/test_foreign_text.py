"""What text from outside looks like in a condition."""

import pytest

from tfs_operator.domain.foreign_text import one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("Op type not registered 'Foo'", "Op type not registered 'Foo'"),
        ("two\r\nlines\tand  more ", "two lines and more"),
        ("\x1b[31mred\x1b[0m\x07", "[31mred [0m"),
        ("user\u202etxt.exe", "user txt.exe"),
        ("half \ud83d of it", "half of it"),
        ("größer \u65e5\u672c", "größer \u65e5\u672c"),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line(text, 100) == line


@pytest.mark.parametrize("text", ["x" * 11, "x" * 1_000_000, " " * 1_000_000 + "x", "x\n" * 50])
def test_what_was_left_out_is_visible(text: str) -> None:
    assert len(one_line(text, 10)) <= 10
    assert one_line(text, 10).endswith("…")


def test_what_just_fits_is_whole() -> None:
    assert one_line("x" * 10, 10) == "x" * 10

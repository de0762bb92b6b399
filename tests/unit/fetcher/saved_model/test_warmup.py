"""Whether the records of a warmup file are whole."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tfs_operator.fetcher.saved_model.warmup import whole_records


def records(contents: Sequence[bytes]) -> bytes:
    """A TFRecord file; the checksums are made up."""
    return b"".join(len(each).to_bytes(8, "little") + b"crc1" + each + b"crc2" for each in contents)


TWO = records([b"a" * 20, b"b"])


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        (b"", None),
        (TWO, None),
        (TWO[:-1], 1),
        (TWO[:-5], 1),
        (TWO[:40], 1),
        (TWO[:35], 0),
        (TWO[:3], 0),
        (b"this is not a TFRecord file", 0),
        (records([b""] * 1001) + b"x", None),  # the server refuses so many, and says so
    ],
)
def test_how_many_records_come_before_the_cut(content: bytes, whole: int | None, tmp_path: Path) -> None:
    path = tmp_path / "tf_serving_warmup_requests"
    path.write_bytes(content)
    assert whole_records(path) == whole

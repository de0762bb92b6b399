"""Which byte ranges of a file are still missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.fetcher.download.byte_ranges import ByteRange, joined, missing

pieces = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda at: (at[0], at[0] + at[1])), max_size=12)


@pytest.mark.parametrize(
    ("ranges", "new", "result"),
    [
        ([], (0, 5), [(0, 5)]),
        ([(0, 5)], (5, 9), [(0, 9)]),
        ([(0, 5)], (7, 9), [(0, 5), (7, 9)]),
        ([(0, 5), (7, 9)], (5, 7), [(0, 9)]),
        ([(0, 5), (7, 9)], (3, 20), [(0, 20)]),
        ([(7, 9)], (0, 5), [(0, 5), (7, 9)]),
    ],
)
def test_joined(ranges: list[ByteRange], new: ByteRange, result: list[ByteRange]) -> None:
    assert joined(ranges, new) == result


@given(pieces, st.integers(0, 100), st.integers(1, 30))
def test_what_arrived_and_what_is_missing_are_the_whole_file(arrived: list[ByteRange], extra: int, part: int) -> None:
    size = max([end for _, end in arrived], default=0) + extra
    ranges: list[ByteRange] = []
    for piece in arrived:
        ranges = joined(ranges, piece)
    gaps = missing(ranges, size, part)
    covered = [at for start, end in [*ranges, *gaps] for at in range(start, end)]
    assert sorted(covered) == list(range(size))
    assert all(0 < end - start <= part for start, end in gaps)

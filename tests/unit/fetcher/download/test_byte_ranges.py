import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.fetcher.download.byte_ranges import Span, joined, missing

pieces = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda at: (at[0], at[0] + at[1])), max_size=12)


@pytest.mark.parametrize(
    ("spans", "new", "result"),
    [
        ([], (0, 5), [(0, 5)]),
        ([(0, 5)], (5, 9), [(0, 9)]),
        ([(0, 5)], (7, 9), [(0, 5), (7, 9)]),
        ([(0, 5), (7, 9)], (5, 7), [(0, 9)]),
        ([(0, 5), (7, 9)], (3, 20), [(0, 20)]),
        ([(7, 9)], (0, 5), [(0, 5), (7, 9)]),
    ],
)
def test_joined(spans: list[Span], new: Span, result: list[Span]) -> None:
    assert joined(spans, new) == result


@given(pieces, st.integers(0, 100), st.integers(1, 30))
def test_what_arrived_and_what_is_missing_are_the_whole_file(arrived: list[Span], extra: int, part: int) -> None:
    size = max([end for _, end in arrived], default=0) + extra
    spans: list[Span] = []
    for piece in arrived:
        spans = joined(spans, piece)
    gaps = missing(spans, size, part)
    covered = [at for start, end in [*spans, *gaps] for at in range(start, end)]
    assert sorted(covered) == list(range(size))
    assert all(0 < end - start <= part for start, end in gaps)

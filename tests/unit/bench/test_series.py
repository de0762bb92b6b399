"""Percentiles and targets of the benchmark."""

import pytest

from bench.series import Series, percentile

TEN = [1.0, 9.0, 3.0, 7.0, 5.0, 2.0, 8.0, 4.0, 6.0, 10.0]


@pytest.mark.parametrize(
    ("times", "percent", "expected"),
    [
        (TEN, 50, 5.0),
        (TEN, 90, 9.0),
        (TEN, 91, 10.0),
        (TEN, 95, 10.0),
        (TEN, 0, 1.0),
        (TEN, 100, 10.0),
        ([float(n) for n in range(1, 21)], 95, 19.0),
        ([float(n) for n in range(1, 101)], 95, 95.0),
        ([4.0], 95, 4.0),
    ],
)
def test_a_percentile_is_one_of_the_times(times: list[float], percent: float, expected: float) -> None:
    assert percentile(times, percent) == expected


def series(*times: float, target: float | None = 0.5) -> Series:
    return Series("name", "title", times, target)


def test_median_p95_and_longest() -> None:
    many = series(*[0.1] * 11, *[0.2] * 8, 0.9)
    assert (many.median, many.p95, many.longest) == (0.1, 0.2, 0.9)


def test_the_median_of_an_even_number_is_between_the_two_in_the_middle() -> None:
    assert series(1.0, 2.0, 4.0, 8.0).median == 3.0


def test_of_few_times_there_is_no_p95() -> None:
    assert series(*[0.1] * 9).p95 is None
    assert series(*[0.1] * 10).p95 == 0.1


@pytest.mark.parametrize(
    ("slow", "missed"),
    [([0.5, 0.5], False), ([0.51], False), ([0.51, 0.51], True)],
    ids=["just reached", "one of twenty may be longer", "two may not"],
)
def test_the_target_is_for_the_95th_percentile(slow: list[float], missed: bool) -> None:
    assert series(*[0.1] * (20 - len(slow)), *slow).missed is missed


def test_too_few_times_miss_a_target() -> None:
    assert series(*[0.1] * 9).missed


def test_without_a_target_nothing_is_missed() -> None:
    assert not series(*[90.0] * 20, target=None).missed

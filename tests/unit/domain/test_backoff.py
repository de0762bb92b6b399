"""How long is waited after failures in a row."""

from tfs_operator.domain.backoff import delay


def test_doubles_from_the_first_up_to_the_most() -> None:
    assert [delay(failures, 0.5, 10.0) for failures in range(1, 8)] == [0.5, 1, 2, 4, 8, 10, 10]


def test_without_a_failure_nothing_is_waited_for() -> None:
    assert delay(0, 1.0, 60.0) == 0.0


def test_any_number_of_failures_stays_at_the_most() -> None:
    assert delay(100_000, 1.0, 300.0) == 300.0


def test_the_most_holds_for_the_first_failure_too() -> None:
    assert delay(1, 30.0, 5.0) == 5.0

"""How long is waited after failures."""

from tfs_operator.fetcher.core.backoff import Backoff


def delays(backoff: Backoff, count: int, *, retry: bool = True) -> list[float]:
    return [backoff.failed(retry=retry) for _ in range(count)]


def test_doubles_up_to_five_minutes() -> None:
    backoff = Backoff(clock=lambda: 0.0, jitter=lambda: 0.0)
    assert delays(backoff, 11) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert delays(backoff, 1000)[-1] == 300


def test_begins_slowly_where_only_a_person_can_help() -> None:
    backoff = Backoff(clock=lambda: 0.0, jitter=lambda: 0.0)
    assert delays(backoff, 5, retry=False) == [30, 60, 120, 240, 300]


def test_or_up_to_what_is_given() -> None:
    backoff = Backoff(clock=lambda: 0.0, jitter=lambda: 0.0)
    assert [backoff.failed(most=5.0) for _ in range(4)] == [1, 2, 4, 5]


def test_jitter_only_shortens() -> None:
    assert delays(Backoff(clock=lambda: 0.0, jitter=lambda: 1.0), 2) == [0.75, 1.5]


def test_is_ready_when_it_is_over_and_after_a_reset() -> None:
    times = iter([100.0, 100.0, 100.5, 101.0])
    backoff = Backoff(clock=lambda: next(times), jitter=lambda: 0.0)
    found = [backoff.ready, backoff.failed(), backoff.ready, backoff.ready]
    assert found == [True, 1.0, False, True]


def test_after_a_reset_the_next_failure_is_the_first_again() -> None:
    backoff = Backoff(clock=lambda: 100.0, jitter=lambda: 0.0)
    delays(backoff, 3)
    backoff.reset()
    assert backoff.ready
    assert backoff.failed() == 1

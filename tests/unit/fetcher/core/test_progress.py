"""How far, how fast."""

from tests.unit.fetcher.clock import Clock
from tfs_operator.fetcher.core.progress import Progress

MIB = 1024 * 1024


def test_rate_is_that_of_the_last_seconds() -> None:
    clock = Clock()
    progress = Progress(100 * MIB, clock)
    for _ in range(60):
        clock.now += 1.0
        progress.add(MIB)
    assert 0.95 * MIB <= progress.rate <= 1.05 * MIB
    for _ in range(10):
        clock.now += 1.0
        progress.add(3 * MIB)
    assert 2.9 * MIB <= progress.rate <= 3.1 * MIB


def test_what_stands_still_has_no_rate() -> None:
    clock = Clock()
    progress = Progress(100 * MIB, clock)
    clock.now += 1.0
    progress.add(MIB)
    clock.now += 60.0
    assert progress.rate == 0
    assert progress.idle_seconds == 60.0


def test_to_add_nothing_is_no_sign_of_life() -> None:
    """Else a store that has gone silent is never given up."""
    clock = Clock()
    progress = Progress(100 * MIB, clock)
    clock.now += 60.0
    progress.add(0)
    assert progress.idle_seconds == 60.0


def test_never_more_than_all() -> None:
    """A source tells again of bytes that it had to fetch twice."""
    progress = Progress(100)
    progress.add(80)
    progress.add(80)
    assert progress.arrived == 100


def test_lines_for_the_log() -> None:
    clock = Clock()
    progress = Progress(3 * MIB, clock)
    clock.now += 2.0
    progress.add(MIB)
    assert progress.line() == "1.0 MiB of 3.0 MiB (33 %), 512 KiB/s"
    progress.add(2 * MIB)
    assert progress.summary() == "3.0 MiB in 2.0 s, 1.5 MiB/s"
    assert Progress(0, clock).line() == "0 B of 0 B (100 %), 0 B/s"

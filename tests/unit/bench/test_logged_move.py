"""A move to a new version, read from the logs of the pods."""

from datetime import datetime

import pytest

from bench.logged_move import LoggedMove, logged_move

PATCHED = datetime(2026, 11, 29, 10, 0, 0)  # as the servers' logs have it
RELOADED = "model_servers/server_core.cc] Finished adding/updating models"
SERVABLE = "{name: mnist version: 3}"
NOISE = ["WARNING: All log messages before absl::InitializeLog() is called are written to STDERR"]


def line(second: str, said: str) -> str:
    return f"2026-11-29 10:00:{second}: I tensorflow_serving/{said}"


def load(began: str, ended: str) -> list[str]:
    source = "core/loader_harness.cc]"
    return [
        line(began, f"{source} Loading servable version {SERVABLE}"),
        line(ended, f"{source} Successfully loaded servable version {SERVABLE}"),
    ]


def reloaded(*seconds: str) -> list[str]:
    return [line(second, RELOADED) for second in seconds]


def move(**logs: list[str]) -> LoggedMove:
    return logged_move({pod: "\n".join([*NOISE, *lines]) for pod, lines in logs.items()}, "mnist", 3, PATCHED)


def test_what_counts_is_the_pod_that_loads_last_and_the_one_that_is_labelled_last() -> None:
    early = [*reloaded("00.100000"), *load("00.500000", "00.625000"), *reloaded("01.500000", "09.000000")]
    late = [*reloaded("00.100000"), *load("01.000000", "01.250000"), *reloaded("01.375000", "09.000000")]
    moved = move(early=early, late=late)
    assert moved == LoggedMove(3, began=1.0, available=1.25, moved=1.5)
    assert (moved.after_available, moved.beside_load) == (0.25, 1.25)


def test_a_reload_before_the_version_was_available_everywhere_is_not_that_of_the_label() -> None:
    early = [*load("00.500000", "00.625000"), *reloaded("00.700000", "02.000000")]
    assert move(early=early, late=[*load("01.000000", "01.500000"), *reloaded("01.750000")]).moved == 2.0


def test_a_label_that_has_not_moved_is_an_error() -> None:
    with pytest.raises(LookupError, match="no reload"):
        move(pod=[*reloaded("00.100000"), *load("01.000000", "01.250000")])

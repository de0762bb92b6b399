"""A load's time from a model server's log, as `kubectl logs --timestamps` prints it."""

from datetime import UTC, datetime

import pytest

from bench.server_log import load_of

SOURCE = "2026-11-21 10:07:19.109019: I tensorflow_serving/core/loader_harness.cc]"


def line(second: str, said: str, source: str = SOURCE) -> str:
    return f"2026-11-21T10:07:{second}Z {source} {said}"


def loads(version: int, began: str, ended: str, model: str = "mnist") -> list[str]:
    servable = f"{{name: {model} version: {version}}}"
    return [
        line(began, f"Loading servable version {servable}"),
        line(ended, f"Successfully loaded servable version {servable}"),
    ]


def log(*parts: list[str]) -> str:
    return "".join(f"{line}\n" for part in parts for line in part)


def test_a_load_is_from_its_first_line_to_its_last() -> None:
    load = load_of(log(loads(3, "19.109185558", "20.609185")), "mnist", 3)
    assert load.began == datetime(2026, 11, 21, 10, 7, 19, 109185, UTC)
    assert load.seconds == 1.5


def test_times_may_have_any_number_of_digits() -> None:
    assert load_of(log(loads(3, "19", "19.5")), "mnist", 3).seconds == 0.5


def test_the_log_lines_of_newer_servers_begin_otherwise() -> None:
    source = "I0000 00:00:1795255639.193362       9 loader_harness.cc:95]"
    lines = [each.replace(SOURCE, source) for each in loads(3, "19.0", "19.25")]
    assert load_of(log(lines), "mnist", 3).seconds == 0.25


def test_other_versions_and_models_do_not_count() -> None:
    others = [loads(13, "01", "02"), loads(3, "03", "04", model="other"), loads(33, "50", "51")]
    assert load_of(log(*others, loads(3, "19", "21")), "mnist", 3).seconds == 2


def test_the_last_of_several_loads_counts() -> None:
    assert load_of(log(loads(3, "01", "02"), loads(3, "10", "14")), "mnist", 3).seconds == 4


def test_other_lines_may_say_anything() -> None:
    noise = ["2026-11-21T10:07:19Z", line("19.1", "Retrying of Loading servable: {name: mnist version: 3} retry: 1")]
    assert load_of(log(noise, loads(3, "20", "21"), noise), "mnist", 3).seconds == 1


@pytest.mark.parametrize(
    "lines",
    [
        [],
        loads(3, "19", "20")[:1],
        loads(3, "19", "20")[1:],
        loads(4, "19", "20"),
        [*loads(3, "01", "02"), *loads(3, "19", "20")[:1]],
    ],
    ids=["empty", "not ended", "not begun", "another version", "loading again"],
)
def test_a_load_that_is_not_in_the_log_is_an_error(lines: list[str]) -> None:
    with pytest.raises(LookupError, match="version 3 of mnist"):
        load_of(log(lines), "mnist", 3)

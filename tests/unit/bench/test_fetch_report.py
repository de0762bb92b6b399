"""The report of `make bench-fetch`."""

import json
from datetime import date

from bench.fetch_data import Shape
from bench.fetch_report import Result, Series, as_json, markdown
from bench.measured_process import Usage

MANY, FEW = Shape(64), Shape(2)
MIB = 2**20


def series(shape: Shape, fetcher: str, *walls: float, memory: int = 90) -> Series:
    return Series(shape, fetcher, [Usage(wall, wall / 2, memory * MIB + round(wall) * MIB) for wall in walls])


def result(ours: float = 2.0, memory: int = 90) -> Result:
    found = [series(shape, "ours", ours, 1.0, 9.0, memory=memory) for shape in (MANY, FEW)]
    return Result(date(2026, 11, 21), "2 cores", "ours", [*found, *(series(it, "rclone", 2.0) for it in (MANY, FEW))])


def test_times_are_medians_and_memory_is_the_highest() -> None:
    measured, _, *table = markdown(result()).splitlines()
    assert measured.startswith("Measured by `make bench-fetch` on 2026-11-21, 2 cores. Medians of 3 rounds, in turn;")
    assert table == [
        "| what | by | wall time | CPU time | peak memory |",
        "|---|---|---|---|---|",
        "| 1024 MiB in 64 files | `ours` | 2.00 s | 1.00 s | 99 MiB |",
        "| 1024 MiB in 2 files | `ours` | 2.00 s | 1.00 s | 99 MiB |",
        "| 1024 MiB in 64 files | `rclone` | 2.00 s | 1.00 s | 92 MiB |",
        "| 1024 MiB in 2 files | `rclone` | 2.00 s | 1.00 s | 92 MiB |",
    ]


def test_as_fast_and_within_the_bound_is_reached() -> None:
    assert result(memory=256 - 9).missed == []


def test_each_target_that_is_missed_is_named() -> None:
    assert result(ours=2.01, memory=256).missed == [
        "1024 MiB in 64 files: 2.01 s, and rclone takes 2.00 s",
        "1024 MiB in 64 files: 265 MiB, above 256 MiB",
        "1024 MiB in 2 files: 2.01 s, and rclone takes 2.00 s",
        "1024 MiB in 2 files: 265 MiB, above 256 MiB",
    ]


def test_the_json_has_every_round() -> None:
    found = json.loads(json.dumps(as_json(result())))
    assert [entry["wall"] for entry in found["series"][0]["rounds"]] == [2.0, 1.0, 9.0]
    assert found["series"][0]["median"] == {"wall": 2.0, "cpu": 1.0}

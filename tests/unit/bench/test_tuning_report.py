"""The report of `make bench-tuning`."""

import json
from datetime import date

from bench.tuning_figures import Calls, FirstRequests, Load, quietest
from bench.tuning_report import Result, as_json, markdown


def load(rate: float, failed: int = 0) -> Load:
    return Load(rate=rate, p50=1000 / rate, p95=9.04, p99=10, failed=failed, cpu_ms=0.5, batch=4.25)


def result() -> Result:
    return Result(
        day=date(2026, 11, 21),
        machine="2 cores",
        load_average=(0.5, 1.25),
        batching={"off": [load(100), load(400), load(200)]},
        parallelism={"1": [load(50, failed=3)]},
        warmup={"no warmup": [FirstRequests(first=190, tenth=1.0, start=2), FirstRequests(210, 2.0, 3)]},
        connections={"one second": Calls(900, 12, {"UNAVAILABLE": 2, "INTERNAL": 1}, p50=1, p99=2.5, slowest=30)},
    )


def test_the_fastest_round_counts_and_failures_add_up() -> None:
    found = quietest([load(100, failed=1), load(400), load(200, failed=2)])
    assert (found.rate, found.p50, found.failed) == (400, 2.5, 3)


def test_the_tables() -> None:
    text, *tables = markdown(result()).strip().split("\n\n")
    assert text.replace("\n", " ") == (
        "Measured by `make bench-tuning` on 2026-11-21, 2 cores, the test double of TensorFlow Serving; "
        "load average 0.5 before, 1.2 after. Each load ran in 3 rounds, in turn, and the fastest counts, since other "
        "work only makes it slower; for first requests it is the median."
    )
    assert [table.splitlines()[2:] for table in tables] == [
        ["| off | 400 | 2.5 | 9.0 | 10.0 | 4.2 | 0.50 | 0 |"],
        ["| no warmup | 200.0 | 1.5 | 2.5 |"],
        ["| 1 | 50 | 20.0 | 9.0 | 10.0 | 4.2 | 0.50 | 3 |"],
        ["| one second | 900 | 12 | 1 INTERNAL, 2 UNAVAILABLE | 1.0 | 2.5 | 30.0 |"],
    ]
    columns = [{line.count("|") for line in table.splitlines()} for table in tables]
    assert all(len(counts) == 1 for counts in columns)


def test_every_single_figure_is_in_the_json() -> None:
    document = json.loads(json.dumps(as_json(result())))
    assert document["day"] == "2026-11-21"
    assert [each["rate"] for each in document["batching"]["off"]] == [100, 400, 200]
    assert document["connections"]["one second"]["codes"] == {"UNAVAILABLE": 2, "INTERNAL": 1}

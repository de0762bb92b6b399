"""The report of `make bench-scale`."""

import json
from dataclasses import replace
from datetime import date

from bench.audit import Requests
from bench.scale_repair import Repairs
from bench.scale_report import Result, Size, as_json, markdown
from bench.scale_stages import Burst, Rest, Restart, Singles

MIB = 2**20


def size(tfmodels: int, seconds: float = 0.027, cpu: float = 0.015) -> Size:
    """`seconds` and `cpu` of each."""
    times = tuple(seconds * number for number in range(tfmodels))
    burst = Burst(tfmodels, 5, 1.0, seconds * tfmodels, times, cpu * tfmodels, Requests(writes=7 * tfmodels), 0.0)
    repairs = {kind: Repairs((0.02, 0.03, 0.5), (0.01,) * 3) for kind in ("Deployment", "HorizontalPodAutoscaler")}
    restart = Restart(2.5, 2.0, Requests(lists=18))
    singles = Singles((0.01, 0.012, 0.05), (0.02, 0.024, 0.1))
    return Size(burst, Rest(60.0, 0.5, Requests()), restart, singles, repairs, 120 * MIB)


def result(*sizes: Size, load: float = 0.1) -> Result:
    return Result(date(2026, 11, 21), "2 cores (AMD EPYC)", 2, load, sizes or (size(100), size(300), size(1000)))


def row(text: str, title: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {title} |"))


def test_all_that_is_to_be_reached_is_reached() -> None:
    text = markdown(result())
    assert result().missed == []
    assert "MISSED" not in text
    assert row(text, "every child exists") == (
        "| every child exists | 2.70 s | 8.10 s | 27.0 s | at most 10.0 s at 300, 40.0 s at 1,000 | MET |"
    )
    assert row(text, "writes a TFModel") == "| writes a TFModel | 7 | 7 | 7 | at most 7 | MET |"
    assert row(text, "CPU time a TFModel").endswith("| 15 ms | 15 ms | 15 ms | at most 25 ms | MET |")
    assert row(text, "deleted HorizontalPodAutoscaler back, median").startswith(
        "| deleted HorizontalPodAutoscaler back, median | 30 ms | 30 ms | 30 ms | at most 50 ms | MET"
    )
    assert "| 12 ms | 12 ms | 12 ms |" in row(text, "create to Deployment, one at a time, median")
    assert "| 24 ms | 24 ms | 24 ms |" in row(text, "create to autoscaler, one at a time, median")
    assert row(text, "create to Deployment, median").endswith("| for comparison | - |")


def test_what_is_missed_is_said_with_its_size() -> None:
    slow = result(size(100), size(300, seconds=0.034), size(1000, cpu=0.026))
    assert slow.missed == [
        "every child exists, 300 TFModels: 10.2 s, at most 10.0 s is to be reached",
        "create to Deployment, p95, 300 TFModels: 9.66 s, at most 8.00 s is to be reached",
        "CPU time a TFModel, 1,000 TFModels: 26 ms, at most 25 ms is to be reached",
        "growth of the CPU time a TFModel, 1,000 TFModels: 1.73 times, at most 1.30 times is to be reached",
    ]
    assert row(markdown(slow), "every child exists").endswith("| **MISSED** |")


def test_one_write_too_many_and_any_read_is_missed() -> None:
    plain = size(100)
    asked = replace(plain.burst, requests=Requests(reads=1, writes=701))
    assert [sentence.partition(",")[0] for sentence in result(replace(plain, burst=asked)).missed] == [
        "reads a TFModel",
        "writes a TFModel",
    ]


def test_one_size_has_no_growth() -> None:
    assert "growth" not in markdown(result(size(300)))


def test_a_busy_machine_is_said() -> None:
    crowded = size(300)
    crowded = replace(crowded, burst=replace(crowded.burst, others=1.24))
    found = result(size(100), crowded, load=3.0)
    assert found.disturbed == [
        "the load average before was 3.0 on 2 cores",
        "with 300 TFModels other processes kept 1.2 of 2 cores busy",
    ]
    assert "The load average before was 3.0" in " ".join(markdown(found).split())
    assert "Nothing else ran." in " ".join(markdown(result()).split())


def test_the_json_has_every_time() -> None:
    found = json.loads(json.dumps(as_json(result())))
    assert len(found["sizes"][2]["burst"]["to_deployment"]) == 1000
    assert found["sizes"][0]["repairs"]["Deployment"]["deleted"] == [0.02, 0.03, 0.5]

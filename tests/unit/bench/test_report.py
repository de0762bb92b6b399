"""The benchmark's report."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from bench.machine import Machine
from bench.moves import Move
from bench.report import Result, as_json, markdown, shown
from bench.server_log import Load

ASKED = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
MOVES = ("label_moves", "new_versions", "tried_versions", "config_map_moves")
MACHINE = Machine(2, 24, "AMD EPYC", "v1.35.4", "tfs-model-server:dev", True, load=0.34, kubelet_sync="10s")


def moves(times: Sequence[float], load: float | None = None) -> list[Move]:
    began = ASKED + timedelta(seconds=0.5)
    loads = {"a": Load(began, began + timedelta(seconds=load))} if load else {}
    return [Move(2, ASKED, 0.01, {"a": seconds, "b": seconds / 2}, loads) for seconds in times]


def result(label: float = 0.1, new: float = 1.5) -> Result:
    return Result(
        date(2026, 11, 21),
        MACHINE,
        3,
        moves([0.05] * 18 + [label, label]),
        moves([1.0] * 9 + [new], load=0.25),
        moves([5.0, 5.5], load=0.25),
        moves([60.0, 75.4, 81.0]),
    )


def test_the_table() -> None:
    rows = [line for line in markdown(result()).splitlines() if line.startswith("|")]
    assert rows == [
        "| patch → every pod answers | moves | median | p95 | longest | to reach |",
        "|---|---|---|---|---|---|",
        "| label to a loaded version | 20 | 0.05 s | 0.10 s | 0.10 s | p95 ≤ 0.5 s: reached |",
        "| label to a new version, without its load | 10 | 0.75 s | 1.25 s | 1.25 s | p95 ≤ 2 s: reached |",
        "| the same, its load included | 10 | 1.00 s | 1.50 s | 1.50 s | for comparison |",
        "| the same, tried on one pod first for 3 s, as by default | 2 | 5.25 s | - | 5.50 s | for comparison |",
        "| label to a loaded version, by ConfigMap and a 30 s file poll | 3 | 75 s | - | 81 s | for comparison |",
    ]


def test_on_what_and_how_it_was_measured() -> None:
    text = " ".join(markdown(result()).split())
    assert text.startswith(
        "Measured by `make bench-rollout` on 2026-11-21: 2 cores (AMD EPYC), 24 GiB, Kubernetes v1.35.4 in kind on one"
        " node, tfs-model-server:dev, the test double of TensorFlow Serving; load average before: 0.3. |"
    )
    assert "last of 3 pods answers" in text
    assert "(0.25 s in the median)" in text
    assert "began to load 0.50 s after the PATCH" in text
    assert "renews mounted files every 10s on this cluster (`syncFrequency`; 1m0s is the default)" in text


def test_no_paragraph_is_wider_than_the_documents_are() -> None:
    assert max(len(line) for line in markdown(result()).splitlines()) <= 120


def test_the_stock_server_is_not_called_a_double() -> None:
    stock = Machine(4, 16, "x", "v1.35.4", "tensorflow/serving:2.21.0", False, load=0, kubelet_sync="1m0s")
    assert "one node, tensorflow/serving:2.21.0; load" in str(stock)


@pytest.mark.parametrize(
    ("measured", "missed"),
    [(result(), []), (result(label=0.6), ["label_move"]), (result(label=0.6, new=2.3), ["label_move", "new_version"])],
)
def test_a_missed_target_is_said(measured: Result, missed: list[str]) -> None:
    assert [series.name for series in measured.missed] == missed
    assert markdown(measured).count(": **missed** |") == len(missed)
    summaries = as_json(measured)["series"]
    assert [name for name, summary in summaries.items() if summary["missed"]] == missed


def test_the_load_is_not_held_against_the_operator() -> None:
    assert result(new=2.2).missed == []


def test_the_json_has_every_single_time() -> None:
    written = json.loads(json.dumps(as_json(result())))
    assert written["series"]["config_map"]["seconds"] == [60.0, 75.4, 81.0]
    assert [len(written[key]) for key in MOVES] == [20, 10, 2, 3]
    assert written["new_versions"][0]["loads"] == {"a": {"began": 0.5, "seconds": 0.25}}
    assert written["machine"]["cores"] == 2


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0849, "0.08 s"), (0.996, "1.00 s"), (9.99, "9.99 s"), (10.2, "10 s"), (75.4, "75 s")]
)
def test_short_times_are_shown_finer(seconds: float, text: str) -> None:
    assert shown(seconds) == text

"""One move of a label: from when it is measured, and what its load took."""

import json
import time
from datetime import UTC, datetime, timedelta

from bench.moves import Move, move
from bench.server_log import Load
from tests.unit.bench.pods import Pods, fleet

ASKED = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


async def test_a_move_begins_before_the_change_is_sent() -> None:
    sent: list[float] = []

    async def change() -> None:
        sent.append(time.monotonic())

    began = time.monotonic()
    moved = await move(change(), fleet(Pods({"a": [1, 2]})), 2, seconds=10, interval=0.05)
    assert 0.05 <= moved.seconds <= time.monotonic() - began
    assert 0 <= moved.accepted <= moved.seconds
    assert len(sent) == 1


def load(began: float, seconds: float) -> Load:
    at = ASKED + timedelta(seconds=began)
    return Load(at, at + timedelta(seconds=seconds))


def test_what_is_taken_off_is_the_load_that_ended_last() -> None:
    loads = {"a": load(0.25, 0.75), "b": load(1.0, 0.5), "c": load(0.5, 0.25)}
    moved = Move(3, ASKED, 0.01, {"a": 2.0, "b": 1.75, "c": 1.75}, loads)
    assert (moved.seconds, moved.beside_load, moved.load_began) == (2.0, 1.5, 1.0)
    assert json.loads(json.dumps(moved.as_json()))["loads"]["b"] == {"began": 1.0, "seconds": 0.5}

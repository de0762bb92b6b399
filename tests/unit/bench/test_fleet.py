"""What the benchmark asks of the pods, which answer from a script."""

import time

import pytest

from bench.fleet import answers_since, mismatch, wait_until_none
from testing.waiting import DeadlineError
from tests.unit.bench.pods import Pods, fleet


async def test_each_pod_is_asked_until_it_has_the_version() -> None:
    servers = fleet(Pods({"a": [2], "b": [1, 1, None, 1, 2]}))
    took = await answers_since(servers, "canary", 2, time.monotonic(), seconds=10, interval=0.05)
    assert took["a"] < took["b"]
    assert took["b"] >= 0.2, "four times the interval"


async def test_a_pod_that_never_has_it_is_named_when_time_is_up() -> None:
    servers = fleet(Pods({"a": [2], "b": [1]}))
    with pytest.raises(DeadlineError, match=r"canary → 2 on every pod; last seen: \{'a': 2, 'b': 1\}"):
        await answers_since(servers, "canary", 2, time.monotonic(), seconds=0.1, interval=0.01)


@pytest.mark.parametrize(
    ("canary", "states", "said"),
    [
        ({"a": [2], "b": [2]}, {1: "AVAILABLE", 2: "AVAILABLE", 3: "END"}, ""),
        ({"a": [2], "b": [1]}, {1: "AVAILABLE", 2: "AVAILABLE"}, "pod b answers canary with 1 and not 2"),
        ({"a": [2]}, {1: "UNLOADING", 2: "AVAILABLE"}, "pod a has versions [2] and not [1, 2]"),
        ({"a": [2]}, {1: "AVAILABLE", 2: "AVAILABLE", 3: "AVAILABLE"}, "has versions [1, 2, 3]"),
    ],
)
async def test_a_pod_that_differs_is_reported(
    canary: dict[str, list[int | None]], states: dict[int, str], said: str
) -> None:
    found = await mismatch(fleet(Pods(canary, states)), {1, 2}, {"canary": 2})
    assert said in found
    assert bool(found) is bool(said)


async def test_the_problem_that_remains_is_reported() -> None:
    async def problem() -> str:
        return "pod a is loading"

    with pytest.raises(DeadlineError, match="for the world to be at rest; last seen: pod a is loading"):
        await wait_until_none("the world to be at rest", 0.05, problem)

"""Servers that have grown are replaced, and nobody notices."""

import pytest

from testing.fleet.served import Served


@pytest.fixture
def swapping(alone: Served) -> Served:
    """A TFModel with three versions, whose unloaded ones do not stay for a rollback."""
    alone.folder.publish(2, 3)
    alone.edit(rollout={"bakeSeconds": 0})
    alone.until_done()
    return alone


def test_after_so_many_swaps_new_pods_take_over_and_answer_the_same(swapping: Served) -> None:
    before = swapping.pods
    swapping.edit(server={"recycle": {"swaps": 2}})
    swapping.until_done()
    assert swapping.pods == before, "a bound that is not reached replaces nothing"
    swapping.edit(versionLabels={"stable": 2})
    swapping.until(lambda: swapping.available() == [[2], [2]])
    swapping.until_done()
    assert swapping.pods == before
    swapping.edit(versionLabels={"stable": 3})
    swapping.until(lambda: not {*before} & {*swapping.pods} and len(swapping.pods) == 2)
    swapping.until_done()
    after = swapping.pods
    assert swapping.answers("stable") == [3, 3]
    assert [pod.restarts for pod in after] == [0, 0]
    swapping.until(lambda: swapping.condition("MemoryBounded").get("reason") == "WithinBounds")
    swapping.edit(versionLabels={"stable": 3, "canary": 2})
    swapping.until_done()
    assert swapping.pods == after, "new servers have unloaded nothing"


def test_memory_that_cannot_be_read_is_said_and_takes_nothing_away(swapping: Served) -> None:
    bound = {"resources": {"limits": {"memory": "1Gi"}}, "recycle": {"memoryPercent": 80}}
    swapping.edit(server=bound)
    swapping.until(lambda: swapping.condition("MemoryBounded").get("reason") == "MetricsUnavailable")
    assert "install metrics-server" in swapping.condition("MemoryBounded")["message"]
    swapping.until_done()
    assert swapping.answers("stable") == [1, 1]

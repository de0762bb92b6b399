"""When pods are replaced for what their model servers have behind them."""

from dataclasses import replace

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.api.recycle import Recycle
from tfs_operator.domain.observation import ModelObservation, PodObservation, VersionStatus
from tfs_operator.domain.recycle import LEAST_SECONDS, RecycleFacts, ServerLoad, Swaps, counted, due, in_vain, recounted
from tfs_operator.domain.recycle_checks import memory_bounded

NOW = 1_790_000_000.0
MIB = 1024 * 1024


def seen(**models: dict[int, str]) -> PodObservation:
    observed = {
        name: ModelObservation(tuple(VersionStatus(number, state) for number, state in states.items()))
        for name, states in models.items()
    }
    return PodObservation("a", ready=True, models=observed)


class TestSwaps:
    def test_what_is_unloaded_counts(self) -> None:
        first = counted(None, seen(m={1: "AVAILABLE"}))
        assert first.count == 0
        assert counted(first, seen(m={1: "UNLOADING", 2: "AVAILABLE"})).count == 0
        assert counted(first, seen(m={1: "END", 2: "AVAILABLE"})).count == 1

    def test_a_version_that_comes_and_goes_counts_each_time(self) -> None:
        swaps = Swaps()
        for states in ({1: "AVAILABLE", 2: "END"}, {1: "END", 2: "AVAILABLE"}) * 3:
            swaps = counted(swaps, seen(m=states))
        assert swaps.count == 6

    def test_the_same_answer_counts_once(self) -> None:
        swaps = counted(None, seen(m={1: "END", 2: "AVAILABLE"}))
        assert counted(swaps, seen(m={1: "END", 2: "AVAILABLE"})) == swaps

    def test_an_operator_that_starts_takes_what_the_server_lists(self) -> None:
        assert counted(None, seen(m={1: "END", 2: "END", 3: "AVAILABLE"}, n={1: "END"})).count == 3

    def test_a_server_that_does_not_answer_keeps_its_count_and_another_process_has_its_own(self) -> None:
        before = recounted({}, [("u/0", seen(m={1: "END"})), ("v/0", seen(m={1: "END"}))])
        after = recounted(before, [("u/0", seen()), ("v/1", seen(m={2: "AVAILABLE"}))])
        assert {process: swaps.count for process, swaps in after.items()} == {"u/0": 1, "v/1": 0}


def load(percent: int | None = None, swaps: int = 0, age: float = 60.0, pod: str = "a") -> ServerLoad:
    memory = None if percent is None else percent * MIB
    return ServerLoad(pod, f"{pod}-uid/0", swaps, memory, 100 * MIB, NOW - age)


def facts(*loads: ServerLoad, memory: int | None = 80, swaps: int | None = None, **more: object) -> RecycleFacts:
    return replace(RecycleFacts(Recycle(memory_percent=memory, swaps=swaps), loads, resting=True), **more)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (facts(load(79, swaps=5)), None),
        (facts(load(80, swaps=1)), "has reached 80% of its memory limit of 100 MiB (server.recycle.memoryPercent)"),
        (facts(load(99)), None),
        (facts(load(99, age=LEAST_SECONDS)), "has reached 80%"),
        (facts(load(swaps=9)), None),
        (facts(replace(load(99, swaps=1), limit=0)), None),
        (facts(load(99, swaps=9), memory=None, swaps=10), None),
        (facts(load(swaps=10), memory=None, swaps=10), "has unloaded 10 versions (server.recycle.swaps is 10)"),
        (facts(load(10), load(90, swaps=1, pod="b")), "the model server of pod b has reached 80%"),
    ],
)
def test_which_server_has_reached_a_bound(found: RecycleFacts, words: str | None) -> None:
    turn = due(found, NOW)
    assert (turn is None) is (words is None)
    assert turn is None or words is None or words in turn.words


def test_each_process_is_a_turn_of_its_own() -> None:
    names = [due(facts(replace(load(90, swaps=1), process=process)), NOW) for process in ("u/0", "u/1", "v/0")]
    assert [turn.name for turn in names if turn] == ["u.0", "u.1", "v.0"]


def test_a_new_server_that_is_as_large_is_not_replaced_again_and_again() -> None:
    assert in_vain(facts(load(90)), NOW) == (
        "the model server of pod a has reached 80% of its memory limit of 100 MiB (server.recycle.memoryPercent), "
        "and has unloaded no version"
    )
    assert in_vain(facts(load(90, swaps=1)), NOW) is None
    assert in_vain(facts(load(79)), NOW) is None


@pytest.mark.parametrize(
    ("found", "status", "reason", "words"),
    [
        (facts(load(10)), "True", Reason.WITHIN_BOUNDS, "no model server has reached 80% of its memory limit"),
        (
            facts(load(10), swaps=20),
            "True",
            Reason.WITHIN_BOUNDS,
            "no model server has reached 80% of its memory limit or 20 unloaded versions",
        ),
        (facts(load(90, swaps=1)), "True", Reason.RECYCLING, "the pods are replaced one by one"),
        (facts(load(90, swaps=1), resting=False), "True", Reason.RECYCLING, "once the rollout has ended"),
        (facts(load(90)), "False", Reason.MEMORY_TOO_SMALL, "raise server.resources.limits.memory or memoryPercent"),
        (facts(load(10), load(pod="b")), "Unknown", Reason.METRICS_PENDING, "no reading of pod b yet"),
        (
            facts(load(), swaps=20, unreadable="no API: install metrics-server"),
            "False",
            Reason.METRICS_UNAVAILABLE,
            "server.recycle.memoryPercent: no API: install metrics-server; swaps are counted all the same",
        ),
        (facts(load(), memory=None, swaps=20), "True", Reason.WITHIN_BOUNDS, "has reached 20 unloaded versions"),
        (facts(), "True", Reason.WITHIN_BOUNDS, ""),
    ],
)
def test_what_the_condition_says(found: RecycleFacts, status: str, reason: Reason, words: str) -> None:
    verdict = memory_bounded(found, NOW)
    assert (verdict.status, verdict.reason) == (status, reason)
    assert words in verdict.message


def test_the_condition_is_not_written_anew_for_each_reading() -> None:
    assert memory_bounded(facts(load(10)), NOW) == memory_bounded(facts(load(11)), NOW)
    assert memory_bounded(facts(load(90, swaps=1)), NOW) == memory_bounded(facts(load(91, swaps=1)), NOW)

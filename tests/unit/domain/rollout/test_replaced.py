"""A version whose files were replaced is tried again at once."""

from dataclasses import replace

import pytest

from tfs_operator.domain.observation import ModelObservation
from tfs_operator.domain.rollout import Failure, Limits, Memory, Pod
from tfs_operator.domain.rollout.replaced import with_contents, with_replaced

NOW = 1_790_000_000.0
LIMITS = Limits()
FAILED = Failure(2, "no", NOW - 1, attempts=9, content="old")


def pod(name: str, **contents: str) -> Pod:
    """`_2="new"`: the files of version 2 that it holds."""
    return Pod(name, ModelObservation(), contents={int(key[1:]): content for key, content in contents.items()})


def after(failure: Failure, *pods: Pod) -> Failure:
    (found,) = with_replaced(Memory(failures=(failure,)), pods, NOW).failures
    return found


@pytest.mark.parametrize(
    "pods",
    [
        [pod("a", _2="new")],
        [pod("a", _2="new"), pod("b", _2="newer")],
        [pod("a", _2="new"), pod("b")],  # where it has not come yet
    ],
)
def test_its_back_off_is_over(pods: list[Pod]) -> None:
    assert FAILED.retry_at(LIMITS) > NOW + 60
    assert after(FAILED, *pods).drop_at(LIMITS) == NOW


@pytest.mark.parametrize(
    "pods", [[], [pod("a")], [pod("a", _2="old")], [pod("a", _2="new"), pod("b", _2="old")], [pod("a", _1="new")]]
)
def test_as_long_as_some_pod_has_the_old_files_or_none_is_known_it_goes_on(pods: list[Pod]) -> None:
    assert after(FAILED, *pods) == FAILED


def test_it_is_tried_again_once_for_new_files_and_not_again_and_again() -> None:
    again = after(FAILED, pod("a", _2="new"))
    assert after(again, pod("a", _2="new")) == again
    assert after(again, pod("a", _2="newer")) == again, "it is being tried already"


def test_what_failed_is_noted_once_the_pods_agree() -> None:
    memory = Memory(failures=(replace(FAILED, content=""),))
    for pods in ([], [pod("a", _2="x"), pod("b", _2="y")]):
        assert with_contents(memory, pods) == memory
    noted = with_contents(memory, [pod("a", _2="x"), pod("b", _2="x"), pod("c")])
    assert noted.failures[0].content == "x"
    assert with_contents(noted, [pod("a", _2="y")]) == noted


def test_what_is_being_tried_again_is_not_what_failed() -> None:
    again = Memory(failures=(after(FAILED, pod("a", _2="new")),))
    assert with_contents(again, [pod("a", _2="new")]) == again

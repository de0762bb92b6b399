"""How often a child that the API server rejects is tried again."""

from tfs_operator.api.conditions import Reason
from tfs_operator.cluster.cache import Key
from tfs_operator.controller.apply.rejections import LONGEST_SECONDS, Rejections
from tfs_operator.domain.observation import Problem

SERVICE = Key("Service", "shop", "mnist")
NO = Problem(Reason.CHILD_REFUSED, "no")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_pause_doubles_up_to_a_minute() -> None:
    clock, pauses = Clock(), []
    rejections = Rejections(clock)
    for _ in range(9):
        rejections.record(SERVICE, "a", NO)
        began = clock.now
        while rejections.standing(SERVICE, "a") == NO:
            clock.now += 1
        pauses.append(clock.now - began)
    assert pauses == [1, 2, 4, 8, 16, 32, LONGEST_SECONDS, LONGEST_SECONDS, LONGEST_SECONDS]


def test_another_manifest_is_tried_at_once_and_begins_anew() -> None:
    clock = Clock()
    rejections = Rejections(clock)
    for _ in range(5):
        rejections.record(SERVICE, "a", NO)
    assert rejections.standing(SERVICE, "b") is None
    rejections.record(SERVICE, "b", NO)
    clock.now += 1
    assert rejections.standing(SERVICE, "b") is None


def test_each_child_by_itself() -> None:
    rejections = Rejections(Clock())
    rejections.record(SERVICE, "a", NO)
    assert rejections.standing(Key("NetworkPolicy", "shop", "mnist"), "a") is None
    assert rejections.standing(SERVICE, "a") == NO


def test_what_was_written_is_forgotten() -> None:
    rejections = Rejections(Clock())
    rejections.clear(SERVICE)
    rejections.record(SERVICE, "a", NO)
    rejections.clear(SERVICE)
    assert rejections.standing(SERVICE, "a") is None

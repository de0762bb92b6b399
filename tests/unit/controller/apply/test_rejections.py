"""How often a child that is refused is asked for again."""

from tfs_operator.api.conditions import Reason
from tfs_operator.cluster.cache import Key
from tfs_operator.controller.apply.rejections import LONGEST_SECONDS, Rejections
from tfs_operator.controller.key import TFModelKey
from tfs_operator.domain.observation import Problem

MNIST, OTHER = TFModelKey("shop", "mnist"), TFModelKey("shop", "other")
SERVICE = Key("Service", "shop", "mnist")
NO = Problem(Reason.CHILD_REFUSED, "no")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_pause_doubles_up_to_a_minute() -> None:
    clock, pauses = Clock(), []
    refusals = Rejections(clock)
    for _ in range(9):
        refusals.refused(MNIST, SERVICE, "a", NO)
        began = clock.now
        while refusals.standing(MNIST, SERVICE, "a") == NO:
            clock.now += 1
        pauses.append(clock.now - began)
    assert pauses == [1, 2, 4, 8, 16, 32, LONGEST_SECONDS, LONGEST_SECONDS, LONGEST_SECONDS]


def test_another_wish_is_asked_for_at_once_and_begins_anew() -> None:
    clock = Clock()
    refusals = Rejections(clock)
    for _ in range(5):
        refusals.refused(MNIST, SERVICE, "a", NO)
    assert refusals.standing(MNIST, SERVICE, "b") is None
    refusals.refused(MNIST, SERVICE, "b", NO)
    clock.now += 1
    assert refusals.standing(MNIST, SERVICE, "b") is None


def test_each_child_of_each_tfmodel_by_itself() -> None:
    refusals = Rejections(Clock())
    refusals.refused(MNIST, SERVICE, "a", NO)
    assert refusals.standing(OTHER, SERVICE, "a") is None
    assert refusals.standing(MNIST, Key("NetworkPolicy", "shop", "mnist"), "a") is None


def test_what_was_written_or_is_gone_is_forgotten() -> None:
    refusals = Rejections(Clock())
    refusals.taken(MNIST, SERVICE)
    refusals.refused(MNIST, SERVICE, "a", NO)
    refusals.taken(MNIST, SERVICE)
    assert refusals.standing(MNIST, SERVICE, "a") is None
    refusals.refused(MNIST, SERVICE, "a", NO)
    refusals.forget(MNIST)
    assert refusals.standing(MNIST, SERVICE, "a") is None

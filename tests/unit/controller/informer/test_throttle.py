"""What is repeated too soon is slowed down."""

from tfs_operator.controller.informer.throttle import QUICK_SECONDS, Throttle


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_first_time_and_after_a_while_there_is_no_pause() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    assert throttle.due("a") == 0
    clock.now += QUICK_SECONDS + 1
    assert throttle.due("a") == 0


def test_pauses_double_up_to_three_seconds_and_end_when_it_lasts() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    pauses = []
    for _ in range(10):
        pauses.append(throttle.due("a"))
        clock.now += pauses[-1] + 0.01
    assert pauses == [0, 0.25, 0.5, 1, 2, 3, 3, 3, 3, 3]
    clock.now += QUICK_SECONDS + 1
    assert throttle.due("a") == 0


def test_each_thing_has_its_own_pauses() -> None:
    throttle = Throttle(Clock())
    assert [throttle.due("a"), throttle.due("a"), throttle.due("b")] == [0, 0.25, 0]


async def test_a_pause_is_waited_for() -> None:
    throttle = Throttle()
    await throttle.pause("a")
    await throttle.pause("a")
    assert throttle.due("a") == 0.5

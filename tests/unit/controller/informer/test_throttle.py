"""What is repeated too soon is slowed down."""

from tfs_operator.controller.informer.throttle import QUICK_SECONDS, Pacing


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_first_time_and_after_a_while_there_is_no_pause() -> None:
    clock = Clock()
    pacing = Pacing(clock)
    assert pacing.due("a") == 0
    clock.now += QUICK_SECONDS + 1
    assert pacing.due("a") == 0


def test_pauses_double_up_to_three_seconds_and_end_when_it_lasts() -> None:
    clock = Clock()
    pacing = Pacing(clock)
    pauses = []
    for _ in range(10):
        pauses.append(pacing.due("a"))
        clock.now += pauses[-1] + 0.01
    assert pauses == [0, 0.25, 0.5, 1, 2, 3, 3, 3, 3, 3]
    clock.now += QUICK_SECONDS + 1
    assert pacing.due("a") == 0


def test_each_thing_has_its_own_pauses() -> None:
    pacing = Pacing(Clock())
    assert [pacing.due("a"), pacing.due("a"), pacing.due("b")] == [0, 0.25, 0]


async def test_a_pause_is_waited_for() -> None:
    pacing = Pacing()
    await pacing.pause("a")
    await pacing.pause("a")
    assert pacing.due("a") == 0.5

"""`eventually`, on which the tests rely to fail with what they saw last."""

import asyncio
from itertools import count

import pytest

from testing.waiting import DeadlineError, eventually, eventually_async


def test_the_first_true_answer_is_returned() -> None:
    looks = count()
    assert eventually(lambda: next(looks) == 2 and "found", interval=0.0) == "found"
    assert next(looks) == 3


def test_the_error_has_the_last_answer() -> None:
    with pytest.raises(DeadlineError, match=r"waited 0 s for two pods; last seen: \[\]"):
        eventually(lambda: [], 0.0, what="two pods")


def test_the_error_has_what_is_described_instead() -> None:
    with pytest.raises(DeadlineError, match="last seen: one pod is pending"):
        eventually(lambda: False, 0.0, lambda: "one pod is pending")


async def test_a_coroutine_can_be_awaited_for_each_look() -> None:
    looks = count()

    async def look() -> bool:
        await asyncio.sleep(0)
        return next(looks) == 2

    assert await eventually_async(look, interval=0.0)
    assert next(looks) == 3


async def test_a_look_that_hangs_ends_at_the_deadline() -> None:
    with pytest.raises(DeadlineError, match="waited 0 s for an answer; last seen: silence"):
        await eventually_async(asyncio.Event().wait, 0.05, lambda: "silence", what="an answer")


async def test_a_timeout_of_the_look_itself_is_passed_on() -> None:
    async def look() -> bool:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        await eventually_async(look)

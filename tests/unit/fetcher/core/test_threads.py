"""A cancelled caller is followed by a thread that has ended, or by one that is abandoned."""

import asyncio
import threading
import time

import pytest

from tfs_operator.fetcher.core.threads import Stopped, in_daemon_thread, in_stoppable_thread


async def test_work_gives_its_result_or_its_error() -> None:
    assert await in_stoppable_thread(lambda _: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_stoppable_thread(lambda _: 1 // 0)


async def test_a_cancellation_waits_until_the_thread_has_ended() -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(stop: threading.Event) -> None:
        begun.set()
        stop.wait(10)
        time.sleep(0.05)
        ended.set()
        raise Stopped

    task = asyncio.create_task(in_stoppable_thread(work))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_an_answer_or_an_error_is_passed_on() -> None:
    assert await in_daemon_thread(lambda: 7, 10) == 7
    with pytest.raises(ZeroDivisionError):
        await in_daemon_thread(lambda: 1 // 0, 10)


async def test_nobody_waits_for_an_answer_that_does_not_come() -> None:
    go_on = threading.Event()
    with pytest.raises(TimeoutError):
        await in_daemon_thread(lambda: go_on.wait(100), 0.05)
    go_on.set()

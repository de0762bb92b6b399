"""Blocking work beside the event loop."""

import asyncio
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Stopped(Exception):
    """The work was stopped; its result is not used."""


async def in_stoppable_thread(work: Callable[[threading.Event], T]) -> T:
    """Runs `work` in a thread. A cancelled caller sets the event and waits until the thread has ended: after that
    no thread writes on into a folder that others may use. `work` looks at the event at least once a megabyte."""
    stop = threading.Event()
    running = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await _ended(running)
        raise


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Does the same for work that is short and cannot be stopped."""
    return await in_stoppable_thread(lambda _: function(*args, **kwargs))


async def _ended(running: "asyncio.Future[T]") -> None:
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            continue
    if not running.cancelled():
        running.exception()


async def in_daemon_thread(work: Callable[[], T], seconds: float | None) -> T:
    """Runs `work`, which only reads, in a thread that is abandoned after a cancellation or `seconds` (TimeoutError; no
    limit for None): it does not even hold up the end of the process, unlike the threads of asyncio.to_thread."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def tell(set_it: Callable[[], None]) -> None:
        try:
            loop.call_soon_threadsafe(lambda: None if answer.done() else set_it())
        except RuntimeError:
            return  # The loop has been closed meanwhile.

    def run() -> None:
        try:
            result = work()
        except Exception as error:
            caught = error
            tell(lambda: answer.set_exception(caught))
        else:
            tell(lambda: answer.set_result(result))

    threading.Thread(target=run, daemon=True, name="store call").start()
    async with asyncio.timeout(seconds):
        return await answer

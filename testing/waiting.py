"""Waits until something holds, with a deadline, and reports what was seen last when it passes."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

Found = TypeVar("Found")

DEADLINE_SECONDS = 90.0
"""How long a test waits for what must come: no measure of what it may take, so that none fails by a slow machine."""
LEAST_PAUSE = 0.05
LEAST_ASYNC_PAUSE = 0.01
PAUSE_FACTOR = 3
"""By how much the pause is longer than the look before it: one that takes long, such as by kubectl, is repeated more
rarely, and the looks keep a quarter of a core busy at most."""


class DeadlineError(AssertionError):
    """What was waited for did not happen in time. The message has what was seen last."""

    def __init__(self, what: str, seconds: float, last: object) -> None:
        super().__init__(f"waited {seconds:.0f} s for {what or 'it'}; last seen: {last}")


def eventually(
    look: Callable[[], Found | None],
    seconds: float = DEADLINE_SECONDS,
    explain: Callable[[], object] | None = None,
    *,
    what: str = "",
    interval: float | None = None,
) -> Found:
    """Returns the first true answer of `look`; raises DeadlineError when there is none within `seconds`.

    `explain` describes the last state for the error's message, where the answer of `look` says too little.
    `interval` is the pause in seconds between two looks; by default it follows from how long a look takes.
    """
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if answer := look():
            return answer
        if time.monotonic() > deadline:
            raise DeadlineError(what, seconds, explain() if explain else repr(answer))
        took = time.monotonic() - began
        time.sleep(max(LEAST_PAUSE, PAUSE_FACTOR * took) if interval is None else interval)


async def eventually_async(
    look: Callable[[], Any],
    seconds: float = DEADLINE_SECONDS,
    explain: Callable[[], object] | None = None,
    *,
    what: str = "",
    interval: float = LEAST_ASYNC_PAUSE,
) -> Any:
    """Does the same as `eventually` without blocking the event loop; `look` may be a coroutine function.

    A look that hangs is cancelled at the deadline.
    """
    answer: Any = None
    try:
        async with asyncio.timeout(seconds) as limit:
            while not (answer := await _answer(look)):  # noqa: ASYNC110  # no event of this process tells of it
                await asyncio.sleep(interval)
    except TimeoutError:
        if not limit.expired():
            raise
        raise DeadlineError(what, seconds, explain() if explain else repr(answer)) from None
    return answer


async def _answer(look: Callable[[], Any]) -> Any:
    answer: Awaitable[Any] | Any = look()
    return await answer if inspect.isawaitable(answer) else answer

"""One outstanding call to each pod of a TFModel at most. A pass waits a moment for it; then it goes on by itself."""

import asyncio
import math
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

PATIENCE_SECONDS = 1.0
"""How long a pass waits for answers. A call itself goes on for as long as its client lets it."""

T = TypeVar("T")


@dataclass
class Call(Generic[T]):
    """A call to one pod; `identity` tells it from another pod of the same name. `in_time` becomes False when a pass has
    waited for it too long: no later pass waits for it again."""

    identity: str
    task: "asyncio.Task[T]"
    in_time: bool = True
    ended_late_at: float = -math.inf
    """When a call that was late ended, by the event loop's clock."""

    @property
    def is_open(self) -> bool:
        return not self.task.done()


class Calls(Generic[T]):
    """The calls to the pods of one TFModel, by the pod's name. `wake` is called when one has ended late."""

    def __init__(self, wake: Callable[[], None], patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._wake = wake
        self._patience_seconds = patience_seconds
        self._calls: dict[str, Call[T]] = {}

    def keep(self, identities: Mapping[str, str]) -> None:
        """Cancels the calls to all other pods. A pod of the same name with another identity is another pod."""
        for name in [name for name, call in self._calls.items() if identities.get(name) != call.identity]:
            self._calls.pop(name).task.cancel()

    def drop(self, name: str) -> None:
        """Cancels the call to the pod, if there is one."""
        call = self._calls.pop(name, None)
        if call is not None:
            call.task.cancel()

    def get(self, name: str) -> Call[T] | None:
        """Returns the last call to the pod, unless it was taken."""
        return self._calls.get(name)

    def is_open(self, name: str) -> bool:
        """Returns whether a call to the pod is still under way."""
        call = self._calls.get(name)
        return call is not None and call.is_open

    def take(self, name: str) -> T | None:
        """Returns the result of an ended call, once; None when there was none. Raises what the call has raised."""
        call = self._calls.pop(name, None)
        return None if call is None else call.task.result()

    def start(self, name: str, identity: str, call: Coroutine[Any, Any, T], *, awaited: bool = True) -> None:
        """Calls the pod; not while another call to it is open. One that is not `awaited` counts as late at once."""
        started = self._calls[name] = Call(identity, asyncio.create_task(call))
        if not awaited:
            self._is_late(started)

    async def wait(self) -> None:
        """Waits for every call that is not late, at most as long as the patience lasts; those that are still open are
        late from then on."""
        awaited = [call for call in self._calls.values() if call.in_time]
        if awaited:
            await asyncio.wait([call.task for call in awaited], timeout=self._patience_seconds)
        for call in awaited:
            if call.is_open:
                self._is_late(call)

    def close(self) -> None:
        """Cancels all."""
        self.keep({})

    def _is_late(self, call: Call[T]) -> None:
        """A call that is cancelled has no answer, and wakes nothing."""

        def ended(task: "asyncio.Task[T]") -> None:
            if not task.cancelled():
                call.ended_late_at = asyncio.get_running_loop().time()
                self._wake()

        call.in_time = False
        call.task.add_done_callback(ended)

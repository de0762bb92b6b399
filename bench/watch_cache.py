"""What exists in the cluster, with the moment at which each change was reported."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from testing.api_client import AsyncApi, Manifest

Holds = Callable[[Manifest | None], bool]


class Name(NamedTuple):
    kind: str
    namespace: str
    name: str


class WatchCache:
    """Holds the objects that watches have reported. Times are the event loop's own, in seconds."""

    def __init__(self) -> None:
        self.live: dict[Name, Manifest] = {}
        self.made: dict[Name, float] = {}
        """When each object was reported first."""
        self._waiting: dict[Name, list[tuple[Holds, asyncio.Future[float]]]] = {}

    async def follow(self, api: AsyncApi, kind: str, since: str) -> None:
        """Takes the events of one watch from the resourceVersion `since` on, until it is cancelled."""
        async for event in api.watch(kind, since):
            self.take(kind, event)

    def take(self, kind: str, event: Mapping[str, Any]) -> None:
        """Takes one watch event."""
        now, item = asyncio.get_running_loop().time(), event["object"]
        name = Name(kind, item["metadata"]["namespace"], item["metadata"]["name"])
        if event["type"] == "DELETED":
            self.live.pop(name, None)
        else:
            self.live[name] = item
            self.made.setdefault(name, now)
        for holds, future in self._waiting.get(name, ()):
            if not future.done() and holds(self.live.get(name)):
                future.set_result(now)

    async def until(self, name: Name, holds: Holds, seconds: float) -> float:
        """The moment at which `holds` became true of the object; it is None while it does not exist. Raises
        TimeoutError, which names it."""
        if holds(self.live.get(name)):
            return asyncio.get_running_loop().time()
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        entry = (holds, future)
        self._waiting.setdefault(name, []).append(entry)
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            raise TimeoutError(f"{name} is not as awaited after {seconds:.0f} s: {self.live.get(name)}") from None
        finally:
            self._waiting[name].remove(entry)

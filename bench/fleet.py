"""The model servers behind one deployment, each asked by itself: which versions it has, what a label answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from testing.api_client import AsyncApi
from testing.waiting import DeadlineError, eventually_async

REST_PORT = 8501
AVAILABLE = "AVAILABLE"
LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class ModelServer:
    api: AsyncApi
    namespace: str
    pod: str
    model: str

    async def label(self, label: str) -> int | None:
        """The version that answers for a label; None when there is none, or the pod does not answer."""
        answer = await self._ask(f"/labels/{label}/metadata")
        return int(answer["model_spec"]["version"]) if "model_spec" in answer else None

    async def available(self) -> set[int]:
        versions = (await self._ask("")).get("model_version_status", [])
        return {int(version["version"]) for version in versions if version["state"] == AVAILABLE}

    async def _ask(self, path: str) -> dict[str, Any]:
        answer = await self.api.get_from_pod(self.namespace, self.pod, REST_PORT, f"/v1/models/{self.model}{path}")
        found: dict[str, Any] = answer.json() if answer.status == 200 else {}
        return found


Fleet = Sequence[ModelServer]


async def answers_since(
    fleet: Fleet, label: str, version: int, began: float, *, seconds: float, interval: float
) -> dict[str, float]:
    """By pod, the seconds from `began` (a time.monotonic()) until it was first seen to answer a label with a version.

    Every pod is asked each `interval` seconds. Raises DeadlineError.
    """

    async def first(server: ModelServer) -> float:
        while True:
            asked = time.monotonic()
            if await server.label(label) == version:
                return time.monotonic() - began
            await asyncio.sleep(max(0.0, asked + interval - time.monotonic()))

    try:
        async with asyncio.timeout(seconds):
            took = await asyncio.gather(*(first(server) for server in fleet))
    except TimeoutError:
        said = {server.pod: await server.label(label) for server in fleet}
        raise DeadlineError(f"{label} → {version} on every pod", seconds, said) from None
    return {server.pod: each for server, each in zip(fleet, took, strict=True)}


async def mismatch(fleet: Fleet, versions: set[int], labels: dict[str, int]) -> str:
    """Describes the first server that does not have exactly these versions or answers a label otherwise; "" if none."""
    for server in fleet:
        if (available := await server.available()) != versions:
            return f"pod {server.pod} has versions {sorted(available)} and not {sorted(versions)}"
        for label, version in labels.items():
            if (answer := await server.label(label)) != version:
                return f"pod {server.pod} answers {label} with {answer} and not {version}"
    return ""


async def wait_until_none(what: str, seconds: float, problem: Callable[[], Awaitable[str]]) -> None:
    """Waits until `problem` describes none any more. Raises DeadlineError with the last one."""
    last = "nothing yet"

    async def is_over() -> bool:
        nonlocal last
        last = await problem()
        return not last

    await eventually_async(is_over, seconds, lambda: last, what=what, interval=LOOK_SECONDS)

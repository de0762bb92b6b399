"""Model servers whose versions are asked: what each answers to a request is told by the test."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfs_operator.domain.pods import PodFacts
from tfs_operator.domain.verification import Answer, Signature, TensorInfo
from tfs_operator.serving.errors import ServingError, VersionNotServed

X = {"x": TensorInfo("DT_FLOAT", (-1,))}
Y = {"y": TensorInfo("DT_FLOAT", (-1,))}
SIGNATURES = {"serving_default": Signature("serving_default", X, Y)}
PREDICTED = Answer(200, '{"outputs": [0.0]}')


def refused(words: str, status: int = 400) -> Answer:
    return Answer(status, json.dumps({"error": words}))


MISSING_OP = refused("Op type not registered 'NoSuchOp' in binary running on HOST.", 404)
INVALID = refused("In[0] ndims must be >= 2: 1")


@dataclass
class Servers:
    """Answer by version; one whose address is in `held` answers only once it is let go."""

    signatures_of: dict[int, Mapping[str, Signature]] = field(default_factory=dict)
    answers: dict[int, Callable[[Any], Answer]] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    """Of the next calls, in their order."""

    held: dict[str, asyncio.Event] = field(default_factory=dict)
    asked: list[tuple[str, str, int, Any]] = field(default_factory=list)
    """Address, model, version, and the body; None: the signatures."""

    cancelled: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)

    def hold(self, pod: PodFacts) -> asyncio.Event:
        self.held[pod.address] = asyncio.Event()
        return self.held[pod.address]

    async def signatures(self, host: str, port: int, model: str, version: int) -> Mapping[str, Signature]:
        await self._call(host, port, model, version, None)
        if version not in self.signatures_of:
            raise VersionNotServed("its metadata: HTTP 404: Servable not found")
        return self.signatures_of[version]

    async def predict(self, host: str, port: int, model: str, version: int, body: str) -> Answer:
        request = json.loads(body)
        await self._call(host, port, model, version, request)
        return self.answers[version](request)

    async def _call(self, host: str, port: int, model: str, version: int, body: Any) -> None:
        assert port == 8501
        self.asked.append((host, model, version, body))
        try:
            if host in self.held:
                await self.held[host].wait()
        except asyncio.CancelledError:
            self.cancelled.put_nowait(host)
            raise
        if self.failures:
            raise self.failures.pop(0)

    def serve(self, version: int, answer: Answer, signatures: Mapping[str, Signature] = SIGNATURES) -> None:
        """The version answers every request like this."""
        self.signatures_of[version] = signatures
        self.answers[version] = lambda _: answer


def serving(version: int, answer: Answer, failure: ServingError | None = None) -> Servers:
    servers = Servers(failures=[failure] if failure else [])
    servers.serve(version, answer)
    return servers


def pod(name: str = "a", incarnation: str = "u/0") -> PodFacts:
    return PodFacts(name, f"10.0.0.{ord(name)}", True, False, "digest", incarnation, None)

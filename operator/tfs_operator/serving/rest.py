"""Observes one pod's model server over REST: which versions are in which state, and which version answers a label.

Bare status says nothing about labels, and only metadata needs a live servable, so the version that a label
answers is read from `/labels/L/metadata`. Paths and answers: tensorflow/serving, g3doc/api_rest.md.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from tfs_operator.domain.foreign_json import NotJson, decode
from tfs_operator.domain.model_status_json import NotModelStatus, read_model_status, version_number
from tfs_operator.domain.observation import ModelObservation, VersionStatus

from .errors import ModelServerUnreachable
from .json_answer import error_words
from .pod_http import PodHttp

MAX_BODY_BYTES = 1024 * 1024
"""Far above the metadata of any model, and the status of a server that has had six thousand versions."""

_LABEL_ABSENT = {400, 404}
"""An unknown label; a label whose version is not loaded."""


class ModelStatusClient(PodHttp):
    """Queries model servers for their versions and labels."""

    async def observe(self, host: str, port: int, model: str, labels: Iterable[str]) -> ModelObservation:
        """Returns one model on one pod, as the pod answers. A model it does not know has no versions.

        Raises ModelServerUnreachable when any of the requests has no usable answer: half an observation
        would look like a label that fell off.
        """
        pod = _Pod(self, host, port)
        asked = sorted(set(labels))
        try:
            async with asyncio.TaskGroup() as group:
                versions = group.create_task(pod.versions(model))
                answers = [group.create_task(pod.version_of(model, label)) for label in asked]
        except ExceptionGroup as failures:
            raise _first(failures) from None
        found = {label: answer.result() for label, answer in zip(asked, answers, strict=True)}
        return ModelObservation(
            versions=versions.result(),
            labels={label: version for label, version in found.items() if version is not None},
        )


class _Pod:
    """The REST API of one pod."""

    def __init__(self, http: PodHttp, host: str, port: int) -> None:
        self._http = http
        self._host = host
        self._port = port

    async def versions(self, model: str) -> tuple[VersionStatus, ...]:
        """Returns the versions that the server knows, in its own order; none when it does not know the model."""
        status, body = await self._get(f"/v1/models/{quote(model, safe='')}")
        if status == 404:
            return ()
        answer = self._answer(status, body)
        try:
            return read_model_status(answer)
        except NotModelStatus as error:
            raise self._unreachable(f"its status is not TF Serving's: {error}") from None

    async def version_of(self, model: str, label: str) -> int | None:
        """Returns the version that answers `label`; None when none does."""
        path = f"/v1/models/{quote(model, safe='')}/labels/{quote(label, safe='')}/metadata"
        status, body = await self._get(path)
        if status in _LABEL_ABSENT:
            return None
        answer = self._answer(status, body)
        try:
            return version_number(answer["model_spec"]["version"])
        except (KeyError, TypeError, NotModelStatus):
            raise self._unreachable("its metadata is not TF Serving's") from None

    async def _get(self, path: str) -> tuple[int, bytes]:
        answer = await self._http.request("GET", self._host, self._port, path, limit=MAX_BODY_BYTES)
        if not answer.whole:
            raise self._unreachable(f"its answer exceeds {MAX_BODY_BYTES} bytes")
        return answer.status, answer.body

    def _answer(self, status: int, body: bytes) -> Mapping[str, Any]:
        if status != 200:
            raise self._unreachable(f"HTTP {status}{error_words(body)}")
        try:
            answer = decode(body)
        except NotJson as error:
            raise self._unreachable(f"its answer {error}") from None
        if not isinstance(answer, dict):
            raise self._unreachable("its answer is not a JSON object")
        return answer

    def _unreachable(self, reason: str) -> ModelServerUnreachable:
        return ModelServerUnreachable(self._host, self._port, reason)


def _first(failures: ExceptionGroup[Exception]) -> Exception:
    """The first failure: the others are its siblings of the same pod."""
    failure = failures.exceptions[0]
    return _first(failure) if isinstance(failure, ExceptionGroup) else failure

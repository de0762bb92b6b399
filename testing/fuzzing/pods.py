"""Clients to which every pod gives the same answer, without a network; and answers that a real server gave."""

import asyncio
import json
from typing import Any

from testing.recordings.data import rest_cases
from tfs_operator.domain.fetch_protocol import FetchOrder, FetchReport
from tfs_operator.domain.observation import ModelObservation
from tfs_operator.serving.errors import FetcherUnreachable, ModelServerUnreachable
from tfs_operator.serving.fetch_orders import FetcherClient
from tfs_operator.serving.pod_http import Answer
from tfs_operator.serving.predict import PredictClient
from tfs_operator.serving.report_changes import ReportChangesClient
from tfs_operator.serving.rest import ModelStatusClient

_MOST_BYTES = 4000


class _Canned:
    """Answers in the place of PodHttp."""

    def __init__(self, status: int, body: bytes) -> None:
        self._status = status
        self._body = body

    async def request(self, *_: Any, limit: int, **__: Any) -> Answer:
        return Answer(self._status, self._body[:limit], len(self._body) <= limit)


class CannedStatus(_Canned, ModelStatusClient):
    """A ModelStatusClient."""


class CannedPredictions(_Canned, PredictClient):
    """A PredictClient."""


class CannedAgent(_Canned, FetcherClient):
    """A FetcherClient."""


class CannedChanges(_Canned, ReportChangesClient):
    """A ReportChangesClient."""


def observed(status: int, body: bytes) -> ModelObservation | ModelServerUnreachable:
    """Returns what is made of a model server that answers so."""
    try:
        return asyncio.run(CannedStatus(status, body).observe("10.0.0.1", 8501, "m", ["stable", "a/b"]))
    except ModelServerUnreachable as error:
        return error


def reported(status: int, body: bytes) -> FetchReport | FetcherUnreachable:
    """Returns what is made of an agent that answers so."""
    try:
        return asyncio.run(CannedAgent(status, body).tell("10.0.0.1", FetchOrder()))
    except FetcherUnreachable as error:
        return error


def recorded(part: str) -> list[Any]:
    """Returns the JSON answers of a real server in which `part` occurs, without the long ones."""
    bodies = {answer.body for case in rest_cases() for answer in case.responses if isinstance(answer.body, bytes)}
    chosen = sorted(body for body in bodies if f'"{part}"'.encode() in body and len(body) <= _MOST_BYTES)
    return [document for body in chosen if isinstance(document := _json(body), dict)]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None

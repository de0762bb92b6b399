"""Asks the pod's own model server over REST which versions it has. Source: tensorflow/serving, g3doc/api_rest.md."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar
from urllib.parse import quote

import aiohttp
from yarl import URL

from tfs_operator.domain.foreign_json import decode
from tfs_operator.domain.model_status_json import read_model_status, version_number
from tfs_operator.domain.observation import VersionStatus
from tfs_operator.fetcher.model_server.in_step import ModelAnswer

T = TypeVar("T")

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 3.0
LABEL_ABSENT = (400, 404)
"""An unknown label; a label whose version is not loaded."""

_MAX_BODY_BYTES = 4 * 1024 * 1024


class ModelServerClient:
    """Reads what the pod's own model server has. `url` is that of its REST port, such as http://127.0.0.1:8501."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url.rstrip("/")
        self._session = session

    async def versions(self, model: str) -> Mapping[int, VersionStatus] | None:
        """Returns the status of each version that it knows of; None where it has no usable answer."""
        status, body = await self._get(f"/v1/models/{quote(model, safe='')}")
        if status == 404:
            return {}
        return _parsed(_statuses, body, model) if status == 200 else None

    async def answer(self, model: str, labels: Iterable[str]) -> ModelAnswer | None:
        """Returns the versions, and the version that answers each of `labels`; None where any of that has no usable
        answer."""
        versions = await self.versions(model)
        if versions is None:
            return None
        found: dict[str, int] = {}
        for label in labels:
            path = f"/v1/models/{quote(model, safe='')}/labels/{quote(label, safe='')}/metadata"
            status, body = await self._get(path)
            version = _parsed(_labelled, body, model) if status == 200 else None
            if version is None and status not in LABEL_ABSENT:
                return None
            if version is not None:
                found[label] = version
        return ModelAnswer(versions, found)

    async def _get(self, path: str) -> tuple[int, bytes]:
        """Returns status and body; 0 without a usable answer."""
        url = URL(f"{self.url}{path}", encoded=True)
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        try:
            async with self._session.get(url, timeout=timeout, allow_redirects=False) as answer:
                return answer.status, await _body(answer)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return 0, b""
        except ValueError:
            log.warning("%s: the model server's answer is far above any status", path)
            return 0, b""


def _parsed(parse: Callable[[bytes], T], body: bytes, model: str) -> T | None:
    try:
        return parse(body)
    except (ValueError, KeyError, TypeError):
        log.warning("%s: what the model server says of its versions is not TensorFlow Serving's", model)
        return None


def _labelled(body: bytes) -> int:
    return version_number(decode(body)["model_spec"]["version"])


def _statuses(body: bytes) -> dict[int, VersionStatus]:
    return {status.version: status for status in read_model_status(decode(body))}


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise ValueError("far above any status")
    return bytes(body)

"""Asks the pod's own model server over REST which versions it has. Source: tensorflow/serving, g3doc/api_rest.md."""

import json
import logging
from collections.abc import Mapping
from urllib.parse import quote

import aiohttp
from yarl import URL

from tfs_operator.domain.model_status_json import read_model_status
from tfs_operator.domain.observation import VersionStatus

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 3.0
_MAX_BODY_BYTES = 4 * 1024 * 1024


class ModelServerClient:
    """Reads the status of the pod's own model server. `url` is that of its REST port, such as http://127.0.0.1:8501."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url.rstrip("/")
        self._session = session

    async def versions(self, model: str) -> Mapping[int, VersionStatus] | None:
        """Returns the status of each version that it knows of; None where it has no usable answer."""
        url = URL(f"{self._url}/v1/models/{quote(model, safe='')}", encoded=True)
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        try:
            async with self._session.get(url, timeout=timeout, allow_redirects=False) as answer:
                if answer.status == 404:
                    return {}
                return _statuses(await _body(answer)) if answer.status == 200 else None
        except (aiohttp.ClientError, OSError, TimeoutError):
            return None
        except (ValueError, RecursionError):
            log.warning("%s: what the model server says of its versions is not TensorFlow Serving's", model)
            return None


def _statuses(body: bytes) -> dict[int, VersionStatus]:
    return {status.version: status for status in read_model_status(json.loads(body))}


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise ValueError("far above any status")
    return bytes(body)

"""Asks one version on one pod over REST: for its signatures, and for predictions.

The version is named in each path, so an answer is never that of a label or of the newest version.
Paths and answers: tensorflow/serving, g3doc/api_rest.md.
"""

import json
from urllib.parse import quote

import aiohttp

from tfs_operator.domain.verification import Answer, NotMetadata, Signature, read_signatures

from .errors import ModelServerUnreachable, VersionNotServed
from .pod_http import PodHttp, pod_url

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Of an answer that is longer the beginning is read: a server must not fill our memory."""

_HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}


class PredictClient(PodHttp):
    """Asks versions for their signatures and for predictions."""

    async def signatures(self, host: str, port: int, model: str, version: int) -> dict[str, Signature]:
        """Returns the signatures that clients can name, by name. Raises VersionNotServed when the server answers and
        has none that can be read, as of a version that is not loaded; ModelServerUnreachable when it does not."""
        answer = await self._ask("GET", host, port, f"{_path(model, version)}/metadata")
        if answer.status != 200:
            raise VersionNotServed(f"its metadata: HTTP {answer.status}: {answer.body[:200]}")
        try:
            return read_signatures(json.loads(answer.body))
        except (NotMetadata, ValueError, RecursionError):
            raise VersionNotServed("its metadata cannot be read") from None

    async def predict(self, host: str, port: int, model: str, version: int, body: str) -> Answer:
        """Sends a predict request, JSON text, and returns whatever is answered. Raises ModelServerUnreachable when
        nothing is."""
        return await self._ask("POST", host, port, f"{_path(model, version)}:predict", body.encode())

    async def _ask(self, verb: str, host: str, port: int, path: str, body: bytes | None = None) -> Answer:
        url = pod_url(host, port, path)
        try:
            async with (
                self._slots,
                self._session.request(verb, url, data=body, headers=_HEADERS, allow_redirects=False) as response,
            ):
                return await _bounded(response)
        except TimeoutError:
            raise ModelServerUnreachable(host, port, "no answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise ModelServerUnreachable(host, port, str(error) or type(error).__name__) from error


def _path(model: str, version: int) -> str:
    return f"/v1/models/{quote(model, safe='')}/versions/{version}"


async def _bounded(response: aiohttp.ClientResponse) -> Answer:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            response.close()
            break
    whole = len(body) <= MAX_ANSWER_BYTES
    return Answer(response.status, body[:MAX_ANSWER_BYTES].decode(errors="replace"), whole)

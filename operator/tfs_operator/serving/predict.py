"""Asks one version on one pod over REST: for its signatures, and for predictions.

The version is named in each path, so an answer is never that of a label or of the newest version.
Paths and answers: tensorflow/serving, g3doc/api_rest.md.
"""

from urllib.parse import quote

from tfs_operator.domain.foreign_json import NotJson, decode
from tfs_operator.domain.verification import Answer, NotMetadata, Signature, read_signatures

from .errors import VersionNotServed
from .json_answer import error_words
from .pod_http import PodHttp

MAX_ANSWER_BYTES = 2 * 1024 * 1024
"""Of an answer that is longer the beginning is read."""


class PredictClient(PodHttp):
    """Asks versions for their signatures and for predictions."""

    async def signatures(self, host: str, port: int, model: str, version: int) -> dict[str, Signature]:
        """Returns the signatures that clients can name, by name. Raises VersionNotServed when the server answers and
        has none that can be read, as of a version that is not loaded; ModelServerUnreachable when it does not."""
        answer = await self._ask("GET", host, port, f"{_path(model, version)}/metadata")
        if answer.status != 200:
            raise VersionNotServed(f"its metadata: HTTP {answer.status}{error_words(answer.body.encode())}")
        try:
            return read_signatures(decode(answer.body.encode()))
        except (NotMetadata, NotJson):
            raise VersionNotServed("its metadata cannot be read") from None

    async def predict(self, host: str, port: int, model: str, version: int, body: str) -> Answer:
        """Sends a predict request, JSON text, and returns whatever is answered. Raises ModelServerUnreachable when
        nothing is."""
        return await self._ask("POST", host, port, f"{_path(model, version)}:predict", body.encode())

    async def _ask(self, verb: str, host: str, port: int, path: str, body: bytes | None = None) -> Answer:
        answer = await self.request(verb, host, port, path, body=body, limit=MAX_ANSWER_BYTES)
        return Answer(answer.status, answer.body.decode(errors="replace"), answer.whole)


def _path(model: str, version: int) -> str:
    return f"/v1/models/{quote(model, safe='')}/versions/{version}"

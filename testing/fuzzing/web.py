"""A web server in the place of any: each request has the next of some answers, without a network."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from multidict import CIMultiDict
from yarl import URL

from tfs_operator.fetcher.http.client import HttpClient


@dataclass
class WebAnswer:
    """As much of an aiohttp response as the fetcher uses; itself its content."""

    status: int
    body: bytes
    given: Mapping[str, str] = field(default_factory=dict)
    read_up_to: int = 0
    url = URL("https://web.example.com/m")

    @property
    def headers(self) -> CIMultiDict[str]:
        return CIMultiDict(self.given)

    @property
    def content(self) -> "WebAnswer":
        return self

    @property
    def content_length(self) -> int | None:
        length = self.given.get("Content-Length", "")
        return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else None

    async def read(self, count: int) -> bytes:
        begin, self.read_up_to = self.read_up_to, self.read_up_to + count
        return self.body[begin : begin + count]

    def close(self) -> None: ...


class _Session:
    def __init__(self, answers: Sequence[WebAnswer]) -> None:
        self._answers = list(answers)

    @asynccontextmanager
    async def request(self, *_: Any, **__: Any) -> AsyncIterator[WebAnswer]:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        answer.read_up_to = 0
        yield answer


@contextmanager
def answering(answers: Sequence[WebAnswer]) -> Iterator[None]:
    """Answers whatever is asked meanwhile; the last answer is given again and again."""
    session = _Session(answers)
    with patch.object(HttpClient, "_open", lambda _: session):
        yield

"""Bounds what a call of the hub's library reads: by itself it takes answers of any size, and follows pages for ever."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

MAX_BYTES = 8 * 1024**2
"""Of one answer. A page has a thousand files, in some 300 KiB."""

MAX_VALUES = 200_000
"""In one answer: its decoder costs memory for each value rather than for each byte."""

Hooks = dict[str, list[Callable[..., Any]]]


class TooLong(Exception):
    """The hub answers with more than is read; the message says with how much."""


class Downgraded(Exception):
    """The hub leads from https to http."""


class _Call(threading.local):
    """The call that a thread makes."""

    ends_at = float("inf")


_CALL = _Call()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Lets no request of this thread begin, and no answer go on, after so many seconds (TimeoutError)."""
    _CALL.ends_at = time.monotonic() + seconds
    try:
        yield
    finally:
        _CALL.ends_at = float("inf")


def hooks(*, tls: bool) -> Hooks:
    """Returns the hooks of a client. `tls`: the hub's address is https."""

    def begin(request: httpx2.Request) -> None:
        _check_time()
        if tls and request.url.scheme != "https":
            raise Downgraded

    return {"request": [begin], "response": [_bound]}


def _bound(response: httpx2.Response) -> None:
    """Compressed, a small answer may be a large one; the request asks for a plain one."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ValueError("a compressed answer")
    assert isinstance(response.stream, httpx2.SyncByteStream)
    response.stream = _Bounded(response.stream)


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        size = values = 0
        for data in self._stream:
            _check_time()
            size += len(data)
            values += sum(map(data.count, (b"{", b"[", b",", b":")))
            if size > MAX_BYTES or values > MAX_VALUES:
                raise TooLong(f"more than {MAX_BYTES} bytes or {MAX_VALUES} values")
            yield data

    def close(self) -> None:
        self._stream.close()


def _check_time() -> None:
    if time.monotonic() > _CALL.ends_at:
        raise TimeoutError

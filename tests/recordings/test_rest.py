"""Every request of rest.jsonl is answered as a real server answered it, to the byte, and so is the connection ended."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from testing.recordings.data import RestCase, rest_cases
from testing.recordings.http_wire import Exchange, exchange
from testing.recordings.long_requests import request_of
from testing.recordings.same import recorded_exchange, seen_exchange
from tests.recordings.conftest import Judge, Running

_AT_ONCE = 40
"""Most of the time is spent on seeing that a connection stays open, so many are looked at side by side."""

CASES = [case for case in rest_cases() if request_of(case) is not None]
"""All but the requests that end the real server."""


@pytest.fixture(scope="module")
def exchanges(server: Running) -> Mapping[str, Exchange]:
    """What the server did, by the name of the case."""

    def asked(case: RestCase) -> Exchange:
        return exchange(server.rest, case, request_of(case) or b"")

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip((case.name for case in CASES), pool.map(asked, CASES), strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name[:100])
def test_rest(case: RestCase, server: Running, exchanges: Mapping[str, Exchange], judge: Judge) -> None:
    seen = seen_exchange(exchanges[case.name], case, server.normaliser)
    judge("rest", case.name, recorded_exchange(case, server.normaliser), seen)

"""Every call of grpc.jsonl ends as it ended on a real server: code, message and response."""

import pytest

from testing.recordings.data import GrpcCase, grpc_cases
from testing.recordings.grpc_wire import call, expected
from tests.recordings.conftest import Judge, Running


@pytest.mark.parametrize("case", grpc_cases(), ids=lambda case: case.name[:100])
def test_grpc(case: GrpcCase, server: Running, judge: Judge) -> None:
    judge("grpc", case.name, expected(case, server.normaliser), call(server.channel, case, server.normaliser))

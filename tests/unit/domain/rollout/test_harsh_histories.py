"""Random histories, with versions that end their servers or cannot predict."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.domain.rollout.history import HISTORIES, PARTS, judge_the_end, play


@pytest.mark.parametrize("part", range(PARTS))
@settings(max_examples=HISTORIES // PARTS, deadline=None, database=None)
@given(script=st.binary(min_size=4, max_size=14))
@example(script=b"\xc6\xc7\x00\r\x9b\xbf\x00\xcd\r\x00\xca")  # one pod keeps a version of before its folder's repair
def test_versions_that_end_servers_or_cannot_predict_harm_one_pod_at_most(part: int, script: bytes) -> None:
    judge_the_end(play(script, harsh=True))

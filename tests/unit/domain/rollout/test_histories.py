"""The rollout against a simulated fleet, over random histories with every fault that is known of. Those with versions
that do harm are in test_harsh_histories, so that both run side by side."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.domain.rollout.extra_world import CrowdedWorld, ExtraWorld
from tests.unit.domain.rollout.history import HISTORIES, PARTS, judge_the_end, play


@pytest.mark.parametrize("part", range(PARTS))
@settings(max_examples=HISTORIES // (2 * PARTS), deadline=None, database=None)
@given(script=st.binary(min_size=4, max_size=14))
@example(script=b"\x12\xde\x00\x00\x00\x00\x00\x00\x00\x00\n")  # a push that is lost just before all is calm
@example(script=b"n\xde\x9a\x00\xa9\x0b\xbf\r")  # the ConfigMap is deleted while a pod is coming up
@example(script=b"U\x01\x00\x00\n")  # a version that loads for ever is found only after another one was withdrawn
@example(script=b"\x91*\x00\x00\x00\x00\t\x0b\x00\xfb\r")  # a folder is repaired, and one pod knows it as bad still
@example(script=b"Fi\x00\x00\x00\n\n\x00\r\xcd\xdd\x00\x00")  # of a repaired version, all pods but one have loaded it
@example(  # one pod lacks what is committed, and a change is withdrawn
    script=b"\xf1Q" + bytes(7) + b"\x0b\x00\x00\n\x00\x0e\xf9\x00\x00\x0e\x00\n"
)
@example(  # pods of a store wait for a version that it does not have, and the spec's newest ones are bad
    script=b"\x18\xe9\x00\x00\x00\x9f\xcf\xbc\xca\x00\x0b\x0c"
)
def test_every_history_ends_well_and_has_no_unsafe_moment(part: int, script: bytes) -> None:
    judge_the_end(play(script))


@pytest.mark.parametrize("part", range(PARTS))
@settings(max_examples=HISTORIES // (2 * PARTS), deadline=None, database=None)
@given(script=st.binary(min_size=4, max_size=14))
@example(script=b"\x8b4S*\xb2\xe2.1w\xf5\x02$\xa1")  # what was committed untried is repaired once it is loaded
@example(script=b"\xde\xd8\x00\x00\x80\xfa\x00\x00\x80\x0f")  # the ConfigMap is deleted during a trial
@example(script=b"\xd4\xe9\x00\xef\xcd\x00\xdc\x00\xed\x89\x0f")  # likewise, while one pod is ready
@example(script=b"\x8b#\xa3\xf7\x1cQ<5\xda{\x019\x15")  # `latest`, and no version is good
@example(script=b"\x03t\x92\xa0\xa9d\x82\x94\x1b\xde=\x1dx")  # one is repaired while its server has it as it was
@example(script=b"\xd4g\x00\x00\x00\x00\x00\x00\x00\r")  # a folder is repaired when its version has just failed
def test_what_a_policy_picks_harms_one_pod_at_most_where_agents_list_it(part: int, script: bytes) -> None:
    judge_the_end(play(script, harsh=True, watched=True))


@pytest.mark.parametrize("world", [ExtraWorld, CrowdedWorld])
@pytest.mark.parametrize("part", range(PARTS))
@settings(max_examples=HISTORIES // (10 * PARTS), deadline=None, database=None)
@given(script=st.binary(min_size=4, max_size=14))
@example(script=b"\xa3\xa6\xbe?\xd9\x92\xf4\x95|V\xcd\x87\xaa\x86")  # two versions are tried one after the other
@example(script=b"\x14\xba\xf6\xcd\xcd\x1aLB\xaa\xa6\xec")  # two labels move, and both are compared
@example(script=b"?\xa3\x80\xf9\x00\xec\xfc\r\x00\x00\n")  # a pod on which a version failed that the spec names no more
def test_what_is_tried_outside_the_service_ends_no_server_that_clients_use(
    part: int, world: type[ExtraWorld], script: bytes
) -> None:
    judge_the_end(play(script, harsh=True, watched=len(script) % 2 == 0, kind=world))

"""How often something may be done."""

import pytest

from tfs_operator.domain.token_buckets import TokenBuckets


@pytest.fixture
def buckets() -> TokenBuckets[str]:
    return TokenBuckets(burst=3, per_second=0.5, most=2)


def taken(buckets: TokenBuckets[str], key: str, now: float) -> int:
    """How many can be taken at this moment."""
    count = 0
    while buckets.take(key, now) == 0:
        count += 1
    return count


def test_a_burst_and_then_so_many_a_second(buckets: TokenBuckets[str]) -> None:
    assert [taken(buckets, "a", now) for now in (10, 10, 11, 12, 20)] == [3, 0, 0, 1, 3]


def test_how_long_to_wait(buckets: TokenBuckets[str]) -> None:
    taken(buckets, "a", 10)
    assert buckets.take("a", 10) == 2
    assert buckets.take("a", 11.5) == 0.5
    assert buckets.take("a", 12) == 0


def test_each_key_by_itself(buckets: TokenBuckets[str]) -> None:
    taken(buckets, "a", 10)
    assert taken(buckets, "b", 10) == 3


def test_as_many_are_remembered_as_there_is_room_for(buckets: TokenBuckets[str]) -> None:
    for key in ("a", "b", "c"):
        taken(buckets, key, 10)
    assert taken(buckets, "c", 10) == 0
    assert taken(buckets, "a", 10) == 3

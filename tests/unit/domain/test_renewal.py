"""When pods are replaced for a newer certificate."""

from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.domain.renewal import SHARES, renewal
from tfs_operator.domain.tls import Certificate

DAY = 86400.0
OLD = Certificate("a" * 64, "mnist.shop.svc", 0.0, 90 * DAY)
NEW = Certificate("b" * 64, "mnist.shop.svc", 60 * DAY, 150 * DAY)


def test_a_young_certificate_is_left_alone() -> None:
    assert renewal([OLD, OLD], 60 * DAY) is None


def test_soon_after_cert_manager_has_renewed_the_pods_are_replaced() -> None:
    assert renewal([OLD, OLD], 63 * DAY) == f"{'a' * 16}-1"


def test_while_they_are_replaced_nothing_new_is_decided() -> None:
    assert renewal([OLD, NEW], 64 * DAY) == renewal([NEW, OLD], 63 * DAY) == f"{'a' * 16}-1"


def test_pods_with_the_new_certificate_are_left_alone() -> None:
    assert renewal([NEW, NEW], 64 * DAY) is None


def test_a_pod_that_does_not_tell_decides_nothing() -> None:
    assert renewal([Certificate("")], 64 * DAY) is None
    assert renewal([], 64 * DAY) is None


@given(st.lists(st.floats(0, 200 * DAY), max_size=30).map(sorted))
def test_a_certificate_that_is_never_renewed_costs_a_few_replacements_and_no_more(times: list[float]) -> None:
    names = [name for now in times if (name := renewal([OLD], now))]
    assert names == sorted(names)
    assert len(set(names)) <= len(SHARES)

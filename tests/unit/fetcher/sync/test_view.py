"""Which versions are wanted, what is waited for, and in which order they come."""

from dataclasses import replace

import pytest

from tests.unit.fetcher.views import ALL, latest, named, store, version, view
from tfs_operator.fetcher.sync.view import MOST_UNFIT, BasePathView


@pytest.mark.parametrize(
    ("seen", "aspired"),
    [
        (view(named(1), named(3)), {1, 3}),
        (view(latest(2), listed=[1, 2, 3]), {2, 3}),
        (view(latest(1), named(1), listed=[1, 2, 3]), {1, 3}),
        (view(ALL, listed=[1, 2, 3]), {1, 2, 3}),
        (view(latest(1)), set()),
        (view(latest(1), listed=[]), set()),
        # a bad one is tried again, and does not count
        (view(latest(1), listed=[1, 2, 3], bad=[3]), {2, 3}),
        (view(latest(2), listed=[1, 2, 3], bad=[2]), {1, 2, 3}),
        (view(latest(1), listed=[1, 2], bad=[1, 2]), {1, 2}),
        # nor does one that is still uploaded, unless it is in place
        (view(latest(1), listed=[1, 2], unsettled=[2]), {1, 2}),
        (view(latest(1), listed=[1, 2], unsettled=[2], present=[2]), {2}),
        # a store that has never answered and fails: what is there will do
        (view(latest(1), present=[1, 2], failed=True), {2}),
        (view(latest(1), present=[1, 2]), set()),
    ],
)
def test_wanted(seen: BasePathView, aspired: set[int]) -> None:
    assert seen.aspired() == aspired


@pytest.mark.parametrize(
    ("seen", "started"),
    [
        (view(), True),
        (view(named(1), named(2), present=[1]), True),
        (view(named(1, 2), present=[1]), False),
        (view(latest(1)), False),
        (view(latest(1), listed=[]), False),
        (view(latest(1), listed=[1, 2], present=[1]), False),
        (view(latest(1), listed=[1, 2], present=[2]), True),
        (view(latest(1), listed=[1, 2], present=[1], bad=[2]), True),
        (view(latest(1), listed=[2], bad=[2]), False),
        (view(latest(1), listed=[1, 2], present=[1], unsettled=[2]), True),
        (view(latest(1), listed=[2], unsettled=[2]), False),
        (view(named(2), listed=[1, 2], present=[1], unsettled=[2]), False),
        (view(named(2), listed=[1, 2], present=[1], bad=[2]), False),
        (view(ALL, listed=[1, 2], present=[1]), False),
        (view(ALL, listed=[1, 2], present=[1], bad=[2]), True),
        (view(latest(1), present=[1], failed=True), True),
        (view(latest(1), failed=True), False),
    ],
)
def test_whether_a_model_server_can_start(seen: BasePathView, started: bool) -> None:
    assert seen.started(seen.orders["m"]) is started


@pytest.mark.parametrize(
    ("seen", "order"),
    [
        (view(named(1), ALL, listed=[1, 2, 3]), [1, 3, 2]),
        (view(latest(2), listed=[1, 2, 3]), [3, 2]),
        (view(named(1, 2), listed=[1, 2], present=[1]), [2]),
        (view(named(7), listed=[1]), []),
        (view(named(1)), []),
        (view(named(1), listed=[1], failed=True), []),
        (view(named(1, 2), listed=[1, 2], unsettled=[2]), [1]),
    ],
)
def test_what_is_fetched_in_which_order(seen: BasePathView, order: list[int]) -> None:
    assert seen.fetchable() == order


CHANGED = replace(view(named(1), listed=[1]), present={1: version(1, "before")})


def test_a_change_is_waited_for_until_it_rests() -> None:
    assert replace(CHANGED, states={}, unsettled={1: 1.0}).fetchable() == []


@pytest.mark.parametrize(
    ("seen", "replaced"),
    [
        (replace(CHANGED, states=None), False),
        (replace(CHANGED, states={1: "AVAILABLE"}), False),
        (replace(CHANGED, states={1: "LOADING"}), False),
        (replace(CHANGED, states={1: "END"}), True),
        (replace(CHANGED, states={2: "AVAILABLE"}), True),
        (replace(CHANGED, states={}, held=frozenset({1})), False),
    ],
)
def test_what_changed_in_the_store_is_replaced_only_when_nobody_has_it(seen: BasePathView, replaced: bool) -> None:
    assert seen.changed() == {1}
    assert seen.fetchable() == ([1] if replaced else [])


UNFIT = replace(view(named(1), listed=[1], unfit=(1,)), present={1: version(1, "before")})


def test_what_is_unfit_is_replaced_whoever_has_it() -> None:
    assert UNFIT.fetchable() == [1]
    assert replace(UNFIT, states={1: "AVAILABLE"}, held=frozenset({1})).fetchable() == [1]
    assert replace(UNFIT, present=store(1)).fetchable() == [], "it is the same in the store"


@pytest.mark.parametrize(
    ("other", "unfit"),
    [(view(named(1)), set()), (view(named(1), unfit=(1,)), {1}), (view(named(2)), {1})],
)
def test_what_another_model_of_the_base_path_finds_fit_is_fit(other: BasePathView, unfit: set[int]) -> None:
    assert replace(UNFIT, orders={**UNFIT.orders, "n": other.orders["m"]}).unfit() == unfit


UNKNOWN = replace(view(named(1), listed=[1]), present={1: None})


def test_a_folder_of_unknown_content_is_replaced_unless_a_server_uses_it() -> None:
    assert UNKNOWN.missing() == {1}
    assert UNKNOWN.fetchable() == [1]
    assert replace(UNKNOWN, states={}).fetchable() == [1]
    assert replace(UNKNOWN, states={1: "AVAILABLE"}).fetchable() == []


def test_two_models_of_one_base_path() -> None:
    both = BasePathView(
        orders={**view(named(1)).orders, "n": view(latest(1)).orders["m"]}, present=store(1), listed=store(1, 2)
    )
    assert both.aspired() == {1, 2}
    assert both.started(both.orders["m"])
    assert not both.started(both.orders["n"])


def test_only_so_many_that_cannot_be_served_are_passed_over() -> None:
    """A store may have any number of them, and each is tried and reported."""
    numbers = range(3 * MOST_UNFIT)
    assert len(view(latest(1), listed=numbers, bad=numbers).aspired()) == MOST_UNFIT

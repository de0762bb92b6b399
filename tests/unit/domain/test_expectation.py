"""What is committed, on its way to the agents, and what a server starts with."""

import pytest

from tfs_operator.domain.expectation import expectation, starting_config
from tfs_operator.domain.fetch_protocol import ExpectedModel, FetchOrder
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific, VersionPolicy


def sent(policy: VersionPolicy, **labels: int) -> ExpectedModel:
    """A model as an agent reads it."""
    config = ModelServerConfig((ModelConfig("m", "/models/m", policy, labels),))
    order = FetchOrder.model_validate_json(FetchOrder(expect=expectation(config)).model_dump_json())
    [model] = order.expect
    return model


@pytest.mark.parametrize("policy", [Specific((1, 2)), Latest(2), All()])
@pytest.mark.parametrize("there", [None, frozenset[int]()])
def test_what_is_unknown_stays_as_it_is_committed(policy: VersionPolicy, there: frozenset[int] | None) -> None:
    expected = ModelConfig("m", "/models/m", policy, {"stable": 1})
    assert starting_config(sent(policy, stable=1), there) == expected


@pytest.mark.parametrize(
    ("policy", "labels", "named"),
    [
        (Specific((9,)), {}, (9,)),
        (Latest(1), {}, (5,)),
        (Latest(2), {}, (3, 5)),
        (Latest(9), {}, (1, 3, 5)),
        (Latest(1), {"stable": 1, "canary": 7}, (1, 5)),
        (All(), {"stable": 1}, (1, 3, 5)),
    ],
)
def test_the_versions_of_a_policy_are_named(
    policy: VersionPolicy, labels: dict[str, int], named: tuple[int, ...]
) -> None:
    config = starting_config(sent(policy, **labels), frozenset({5, 1, 3}))
    assert (config.policy, config.labels) == (Specific(named), labels)


def test_an_order_of_an_older_operator_expects_nothing() -> None:
    assert FetchOrder.model_validate_json('{"models": {}}').expect == ()

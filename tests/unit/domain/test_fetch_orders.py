"""What pods are ordered to hold."""

import pytest

from tfs_operator.domain.expectation import expectation
from tfs_operator.domain.fetch_orders import order
from tfs_operator.domain.fetch_protocol import ModelOrder, VersionSet
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific, VersionPolicy
from tfs_operator.domain.rollout import Failure


def config(policy: VersionPolicy, **labels: int) -> ModelServerConfig:
    return ModelServerConfig((ModelConfig("m", "/m", policy, labels), ModelConfig("claim", "/c", Latest(1))))


def test_a_server_starts_with_what_is_committed_and_is_led_to_what_is_wanted() -> None:
    told = order(["m"], config(Specific((1,))), config(Specific((1, 2))), 30.0)
    assert told.models == {"m": ModelOrder(start=VersionSet(versions=(1,)), hold=VersionSet(versions=(1, 2)))}
    assert told.poll_interval_seconds == 30.0
    assert told.expect == expectation(config(Specific((1,)))), "all models, also those that no agent sees"


@pytest.mark.parametrize(
    ("policy", "labels", "aspired"),
    [
        (Specific((1, 2)), {}, VersionSet(versions=(1, 2))),
        (Latest(2), {}, VersionSet(latest=2)),
        (Latest(1), {"stable": 4}, VersionSet(versions=(4,), latest=1)),
        (All(), {"stable": 4}, VersionSet(versions=(4,), all=True)),
    ],
)
def test_every_policy_and_every_label_is_held(
    policy: VersionPolicy, labels: dict[str, int], aspired: VersionSet
) -> None:
    assert order(["m"], config(policy, **labels), config(policy, **labels), 60.0).models["m"].hold == aspired


def test_what_was_given_up_is_looked_for_anew_unless_it_has_served() -> None:
    failures = {"m": [Failure(number, "no", 1.0) for number in (3, 1, 2)], "n": [Failure(4, "no", 1.0)]}
    told = order(["m"], config(Specific((1,))), config(Specific((1, 2, 3))), 30.0, failures=failures)
    assert told.models["m"].unfit == (2, 3)


def test_a_model_that_is_not_committed_yet_starts_with_nothing() -> None:
    told = order(["m"], ModelServerConfig(()), config(Latest(1)), 60.0)
    assert told.models["m"] == ModelOrder(start=VersionSet(), hold=VersionSet(latest=1))


@pytest.mark.parametrize(
    ("aspired", "discovers"),
    [(VersionSet(versions=(1,)), False), (VersionSet(latest=1), True), (VersionSet(all=True), True)],
)
def test_only_policies_look_for_what_they_do_not_know(aspired: VersionSet, discovers: bool) -> None:
    assert aspired.discovers is discovers


@pytest.mark.parametrize(
    ("policy", "labels", "named"),
    [
        (Latest(1), {}, (7,)),
        (Latest(2), {"stable": 4}, (4, 5, 7)),
        (All(), {"stable": 4}, (4,)),
        (Specific((1,)), {}, (1,)),
    ],
)
def test_what_some_agent_has_listed_is_held_by_name(
    policy: VersionPolicy, labels: dict[str, int], named: tuple[int, ...]
) -> None:
    """Under `all` each pod finds everything at its own look, and there may be very much."""
    both = config(policy, **labels)
    told = order(["m"], both, both, 60.0, listed={"m": frozenset({3, 5, 7})}).models["m"]
    assert told.hold.versions == named
    assert told.start == order(["m"], both, both, 60.0).models["m"].start

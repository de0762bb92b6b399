"""What pods are ordered to hold."""

import pytest

from tfs_operator.domain.fetch_orders import order
from tfs_operator.domain.fetch_protocol import ModelOrder, Wanted
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific, VersionPolicy


def config(policy: VersionPolicy, **labels: int) -> ModelServerConfig:
    return ModelServerConfig((ModelConfig("m", "/m", policy, labels), ModelConfig("claim", "/c", Latest(1))))


def test_a_server_starts_with_what_is_committed_and_is_led_to_what_is_wanted() -> None:
    told = order(["m"], config(Specific((1,))), config(Specific((1, 2))), 30.0)
    assert told.models == {"m": ModelOrder(start=Wanted(versions=(1,)), hold=Wanted(versions=(1, 2)))}
    assert told.poll_interval_seconds == 30.0


@pytest.mark.parametrize(
    ("policy", "labels", "aspired"),
    [
        (Specific((1, 2)), {}, Wanted(versions=(1, 2))),
        (Latest(2), {}, Wanted(latest=2)),
        (Latest(1), {"stable": 4}, Wanted(versions=(4,), latest=1)),
        (All(), {"stable": 4}, Wanted(versions=(4,), all=True)),
    ],
)
def test_every_policy_and_every_label_is_held(policy: VersionPolicy, labels: dict[str, int], aspired: Wanted) -> None:
    assert order(["m"], config(policy, **labels), config(policy, **labels), 60.0).models["m"].hold == aspired


def test_a_model_that_is_not_committed_yet_starts_with_nothing() -> None:
    told = order(["m"], ModelServerConfig(()), config(Latest(1)), 60.0)
    assert told.models["m"] == ModelOrder(start=Wanted(), hold=Wanted(latest=1))


@pytest.mark.parametrize(
    ("aspired", "discovers"), [(Wanted(versions=(1,)), False), (Wanted(latest=1), True), (Wanted(all=True), True)]
)
def test_only_policies_look_for_what_they_do_not_know(aspired: Wanted, discovers: bool) -> None:
    assert aspired.discovers is discovers

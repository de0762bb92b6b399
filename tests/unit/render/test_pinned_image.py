"""An upgrade of the operator replaces no pod; the next change that does brings the new agent."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.render.rendering import child, rendered, tfmodel
from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.model_config import aspired_config
from tfs_operator.render import Settings
from tfs_operator.render.deployment import deployment
from tfs_operator.render.pinned_image import agent_record, pinned_settings

OLD, NEW = Settings(fetcher_image="own:1"), Settings(fetcher_image="own:2")
MODEL = tfmodel(modelUri="s3://models/mnist")
LIVE = child(rendered(MODEL, OLD), "Deployment")
RECORDED = agent_record(LIVE, OLD)


def pinned(
    live: Manifest | None,
    model: TFModel = MODEL,
    settings: Settings = NEW,
    recorded: dict[str, str] = RECORDED,
    **causes: str,
) -> Settings:
    config = aspired_config("mnist", model.spec)
    return pinned_settings(live, recorded, settings, lambda chosen: deployment(model, config, chosen, **causes))


def edited(**pod_spec: Any) -> Manifest:
    """The live Deployment, with fields of its pods that somebody else has set."""
    live = deepcopy(LIVE)
    live["spec"]["template"]["spec"].update(pod_spec)
    return live


def restarted(at: str) -> Manifest:
    """As `kubectl rollout restart` leaves it."""
    live = deepcopy(LIVE)
    live["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = at
    return live


def test_the_image_that_was_chosen_before_stays() -> None:
    assert pinned(LIVE) == OLD


@pytest.mark.parametrize("change", [{"replicas": 3}, {"versions": [1, 2]}, {"storage": {"pollIntervalSeconds": 9}}])
def test_it_stays_through_changes_that_replace_no_pod(change: dict[str, object]) -> None:
    assert pinned(LIVE, tfmodel(**{"modelUri": "s3://models/mnist", **change})) == OLD


@pytest.mark.parametrize("change", [{"gpus": 1}, {"storage": {"region": "eu-1"}}, {"server": {"image": "own:3"}}])
def test_pods_that_are_replaced_anyway_get_the_new_one(change: dict[str, object]) -> None:
    assert pinned(LIVE, tfmodel(**{"modelUri": "s3://models/mnist", **change})) == NEW


def test_so_do_pods_that_cannot_come_up() -> None:
    assert pinned(LIVE, attempt="another attempt") == NEW


def test_a_new_server_image_of_the_administrator_brings_the_new_agent_too() -> None:
    newer = Settings(server_image="serving:2", fetcher_image="own:2")
    assert pinned(LIVE, settings=newer) == newer


def test_pods_that_serve_over_tls_keep_their_init_container() -> None:
    model = tfmodel(server={"tls": {"secretName": "mnist-tls"}})
    live = child(rendered(model, OLD), "Deployment")
    assert pinned(live, model) == OLD
    assert pinned(live, model, renewal="a renewal") == NEW


@pytest.mark.parametrize("uri", ["pvc://models/mnist", "file:///models/mnist"])
def test_so_do_pods_that_fetch_nothing(uri: str) -> None:
    model = tfmodel(modelUri=uri)
    assert pinned(child(rendered(model, OLD), "Deployment"), model) == OLD


def test_without_pods_there_is_nothing_to_keep() -> None:
    assert pinned(None) == NEW


class TestAnImageThatTheOperatorHasNotChosen:
    """Whoever may patch Deployments would have it run with whatever the agent may read."""

    @pytest.mark.parametrize("chosen_now", [OLD, NEW])
    def test_is_not_kept(self, chosen_now: Settings) -> None:
        containers = [{**each, "image": "evil:1"} for each in LIVE["spec"]["template"]["spec"]["initContainers"]]
        assert pinned(edited(initContainers=containers), settings=chosen_now) == chosen_now

    def test_nor_is_one_of_which_nothing_is_recorded(self) -> None:
        assert pinned(LIVE, recorded={}) == NEW

    def test_what_is_recorded_is_what_was_chosen(self) -> None:
        assert agent_record(edited(initContainers=[{"name": "agent", "image": "evil:1"}]), OLD)["image"] == "own:1"


class TestARestart:
    """`kubectl rollout restart` replaces the pods anyway."""

    def test_brings_the_new_agent_once(self) -> None:
        live = restarted("2026-11-30T00:00:00Z")
        assert pinned(live) == NEW
        assert pinned(live, recorded=agent_record(live, OLD)) == OLD

    def test_so_does_the_next_one(self) -> None:
        recorded = agent_record(restarted("2026-11-30T00:00:00Z"), OLD)
        assert pinned(restarted("2026-11-30T01:00:00Z"), recorded=recorded) == NEW


def test_the_administrator_can_have_all_agents_of_one_release() -> None:
    at_once = replace(NEW, update_agents_at_once=True)
    assert pinned(LIVE, settings=at_once) == at_once

"""An upgrade of the operator replaces no pod; the next change that does brings the new fetcher."""

import pytest

from tests.unit.render.rendering import child, rendered, tfmodel
from tfs_operator.domain.model_config import aspired_config
from tfs_operator.render import Settings
from tfs_operator.render.pinned_image import pinned_settings

OLD, NEW = Settings(fetcher_image="own:1"), Settings(fetcher_image="own:2")
MODEL = tfmodel(modelUri="s3://models/mnist")
LIVE = child(rendered(MODEL, OLD), "Deployment")
COMMITTED = aspired_config("mnist", MODEL.spec)


def test_the_image_of_the_running_fetchers_stays() -> None:
    assert pinned_settings(LIVE, MODEL, COMMITTED, NEW, None) == OLD


@pytest.mark.parametrize("change", [{"replicas": 3}, {"versions": [1, 2]}, {"storage": {"pollIntervalSeconds": 9}}])
def test_it_stays_through_changes_that_replace_no_pod(change: dict[str, object]) -> None:
    changed = tfmodel(**{"modelUri": "s3://models/mnist", **change})
    assert pinned_settings(LIVE, changed, aspired_config("mnist", changed.spec), NEW, None) == OLD


@pytest.mark.parametrize("change", [{"gpus": 1}, {"storage": {"region": "eu-1"}}, {"server": {"image": "own:3"}}])
def test_pods_that_are_replaced_anyway_get_the_new_one(change: dict[str, object]) -> None:
    changed = tfmodel(**{"modelUri": "s3://models/mnist", **change})
    assert pinned_settings(LIVE, changed, COMMITTED, NEW, None) == NEW


def test_so_do_pods_that_cannot_come_up() -> None:
    assert pinned_settings(LIVE, MODEL, COMMITTED, NEW, "another attempt") == NEW


def test_a_new_server_image_of_the_administrator_brings_the_new_fetcher_too() -> None:
    newer = Settings(server_image="serving:2", fetcher_image="own:2")
    assert pinned_settings(LIVE, MODEL, COMMITTED, newer, None) == newer


def test_pods_that_serve_over_tls_keep_their_init_container() -> None:
    model = tfmodel(server={"tls": {"secretName": "mnist-tls"}})
    live = child(rendered(model, OLD), "Deployment")
    committed = aspired_config("mnist", model.spec)
    assert pinned_settings(live, model, committed, NEW, None) == OLD
    assert pinned_settings(live, model, committed, NEW, None, "a renewal") == NEW


@pytest.mark.parametrize("uri", ["pvc://models/mnist", "file:///models/mnist"])
def test_so_do_pods_that_fetch_nothing(uri: str) -> None:
    model = tfmodel(modelUri=uri)
    live = child(rendered(model, OLD), "Deployment")
    assert pinned_settings(live, model, aspired_config("mnist", model.spec), NEW, None) == OLD


def before_the_agent() -> dict[str, object]:
    """Pods of 0.1.0 that fetch nothing."""
    live = child(rendered(tfmodel(), OLD), "Deployment")
    del live["spec"]["template"]["spec"]["initContainers"]
    return live


@pytest.mark.parametrize("live", [None, before_the_agent()])
def test_without_an_agent_there_is_nothing_to_keep(live: dict[str, object] | None) -> None:
    assert pinned_settings(live, MODEL, COMMITTED, NEW, None) == NEW

"""No child of a TFModel has a name that another TFModel, made later, could claim for a child of its own."""

from typing import Any

import pytest

from tests.unit.api.specs import URI, manifest, problems
from tests.unit.render.rendering import rendered, tfmodel
from tfs_operator.render.metadata import trial_name
from tfs_operator.render.settings import NetworkPolicySettings, Settings

SETTINGS = Settings(network_policies=NetworkPolicySettings(operator_namespace="tfs"))
SPECS: tuple[dict[str, Any], ...] = (
    {"replicas": 2},
    {"autoscaling": {"maxReplicas": 3}, "server": {"resources": {"requests": {"cpu": "1"}}}},
    {"autoscaling": {"maxReplicas": 3, "keda": {"triggers": [{"type": "cron", "metadata": {}}]}}},
)

Name = tuple[str, str]
"""A kind, and a name."""


def names(owner: str) -> set[Name]:
    """What the children of a TFModel may be called."""
    made = [child for spec in SPECS for child in rendered(tfmodel(owner, **spec), SETTINGS)]
    return {(child["kind"], child["metadata"]["name"]) for child in made} | {("Deployment", trial_name(owner))}


def test_the_children_have_every_kind() -> None:
    kinds = {"ConfigMap", "Service", "Deployment", "PodDisruptionBudget", "NetworkPolicy", "HorizontalPodAutoscaler"}
    assert {kind for kind, _ in names("shop")} == kinds | {"ScaledObject"}


@pytest.mark.parametrize("name", sorted(name for name in names("shop") if name[1] != "shop"), ids="/".join)
def test_a_name_that_is_not_the_tfmodels_own_is_refused_or_of_no_use_to_another(name: Name) -> None:
    other = name[1]
    assert problems(manifest(other, modelUri=URI)) or name not in names(other)


def test_the_reserved_name_is_one_by_which_two_tfmodels_would_meet() -> None:
    assert names("shop") & names("shop-headless") == {("Service", "shop-headless")}

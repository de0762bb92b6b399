"""What a spec asks of the model server."""

from typing import Any

import pytest

from tfs_operator.api.spec import TFModelSpec
from tfs_operator.domain.model_config import (
    All,
    Latest,
    ModelConfig,
    ModelServerConfig,
    Specific,
    VersionPolicy,
    aspired_config,
)

URI = {"modelUri": "file:///m"}


def aspired(**spec: Any) -> ModelServerConfig:
    return aspired_config("mnist", TFModelSpec.model_validate(spec))


@pytest.mark.parametrize(
    ("selection", "policy"),
    [
        ({}, Latest(1)),
        ({"versions": [3, 1]}, Specific((1, 3))),
        ({"versions": [3, 1], "versionLabels": {"stable": 3}}, Specific((1, 3))),
        ({"versionPolicy": {"latest": 2}}, Latest(2)),
        ({"versionPolicy": {"latest": 2}, "versionLabels": {"stable": 3}}, Latest(2)),
        ({"versionPolicy": {"all": {}}}, All()),
        ({"versionLabels": {"stable": 1, "canary": 2}}, Specific((1, 2))),
        ({"versionLabels": {"stable": 2, "canary": 2}}, Specific((2,))),
        ({"versionLabels": {"stable": 0}}, Specific((0,))),
    ],
)
def test_which_versions_are_served(selection: dict[str, Any], policy: VersionPolicy) -> None:
    [model] = aspired(**URI, **selection).models
    assert model.policy == policy


def test_the_one_model_is_named_like_the_tfmodel() -> None:
    assert aspired(**URI, versionLabels={"b": 2, "a": 1}) == ModelServerConfig(
        (ModelConfig("mnist", "/m", Specific((1, 2)), {"a": 1, "b": 2}),)
    )


def test_labels_are_in_the_order_of_their_names() -> None:
    [model] = aspired(**URI, versionLabels={"b": 2, "a": 1}).models
    assert list(model.labels) == ["a", "b"]


def test_several_models_keep_their_order_and_their_own_selection() -> None:
    config = aspired(
        models=[
            {"name": "dogs", "modelUri": "pvc://c/dogs", "versions": [2], "versionLabels": {"stable": 2}},
            {"name": "cats", "modelUri": "pvc://c/cats"},
        ]
    )
    assert config == ModelServerConfig(
        (
            ModelConfig("dogs", "/models/pvc/c/dogs", Specific((2,)), {"stable": 2}),
            ModelConfig("cats", "/models/pvc/c/cats", Latest(1), {}),
        )
    )


def test_a_model_is_found_by_its_name() -> None:
    config = aspired(**URI)
    assert config.model("mnist") == config.models[0]
    assert config.model("other") is None

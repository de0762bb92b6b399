"""The ConfigMap: what a pod that starts now comes up with, for the server and for the operator."""

import json

from tests.unit.render.rendering import child, tfmodel
from tfs_operator.domain.committed import (
    COMMITTED_ANNOTATION,
    FORMER_ANNOTATION,
    former_from_annotation,
    from_annotation,
)
from tfs_operator.domain.config_text import models_config
from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific
from tfs_operator.render import Settings, children
from tfs_operator.render.config_map import MODELS_FILE

COMMITTED = ModelServerConfig((ModelConfig("mnist", "/models/pvc/models/mnist", Specific((1,)), {"stable": 1}),))


def test_it_has_what_is_committed_and_not_what_is_wanted() -> None:
    manifests = children(tfmodel(versions=[1, 2], versionLabels={"stable": 2}), COMMITTED, Settings())
    config_map = child(manifests, "ConfigMap", "mnist-config")
    assert config_map["data"][MODELS_FILE] == models_config(COMMITTED)
    annotation = config_map["metadata"]["annotations"][COMMITTED_ANNOTATION]
    assert from_annotation(annotation) == COMMITTED
    assert annotation == json.dumps(json.loads(annotation), separators=(",", ":"), sort_keys=True)


def test_it_remembers_what_was_committed_of_other_sets_of_models() -> None:
    """Pods that run one of those still bear its digest."""
    without = child(children(tfmodel(), COMMITTED, Settings()), "ConfigMap", "mnist-config")
    assert FORMER_ANNOTATION not in without["metadata"]["annotations"]
    former = {"d": ModelServerConfig((ModelConfig("mnist", "/old", Specific((7,)), {"stable": 7}),))}
    found = child(children(tfmodel(), COMMITTED, Settings(), former=former), "ConfigMap", "mnist-config")
    assert former_from_annotation(found["metadata"]["annotations"][FORMER_ANNOTATION]) == former
    assert found["data"] == without["data"], "no pod reads it"

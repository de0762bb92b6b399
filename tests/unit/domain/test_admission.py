"""What a valid spec may still not do."""

from typing import Any

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.api.spec import TFModelSpec
from tfs_operator.domain.admission import objection, suspension

NODE_PATH = {"name": "b", "modelUri": "hostpath:///b"}
IMAGE_PATH = {"name": "a", "modelUri": "file:///a"}


def spec(**fields: Any) -> TFModelSpec:
    return TFModelSpec.model_validate(fields)


@pytest.mark.parametrize("fields", [{"modelUri": "hostpath:///m"}, {"models": [IMAGE_PATH, NODE_PATH]}])
def test_a_node_path_needs_permission(fields: dict[str, Any]) -> None:
    problem = objection(spec(**fields), allow_hostpath=False)
    assert problem is not None
    assert problem.reason == Reason.HOSTPATH_NOT_ALLOWED
    assert problem.message.startswith("modelUri: hostpath://")
    assert "--allow-hostpath" in problem.message
    assert objection(spec(**fields), allow_hostpath=True) is None


@pytest.mark.parametrize(
    "fields", [{"modelUri": "file:///hostpath/m"}, {"modelUri": "pvc://hostpath/m"}, {"models": [IMAGE_PATH]}]
)
@pytest.mark.parametrize("allowed", [True, False])
def test_other_places_do_not(fields: dict[str, Any], allowed: bool) -> None:
    assert objection(spec(**fields), allow_hostpath=allowed) is None


def test_a_suspended_spec_says_so() -> None:
    problem = suspension(spec(modelUri="file:///m", suspend=True))
    assert problem is not None
    assert problem.reason == Reason.SUSPENDED
    assert "spec.suspend" in problem.message
    assert suspension(spec(modelUri="file:///m")) is None

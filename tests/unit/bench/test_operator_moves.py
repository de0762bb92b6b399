"""The moves by the operator: the TFModel that is measured, and when it is at rest."""

from typing import Any

import pytest

from bench.operator_moves import aspired_versions, manifest, pending
from tfs_operator.api.resource import TFModel


def tfmodel(*, ready: str = "True", observed: int = 2, step: str = "Done") -> dict[str, Any]:
    condition = {"type": "Ready", "status": ready, "reason": "Loading", "message": "…", "observedGeneration": observed}
    model = {"name": "mnist", "rollout": {"step": step, "message": "because"}}
    status = {"conditions": [{"type": "Progressing"}, condition], "models": [model]}
    return {"metadata": {"generation": 2}, "status": status}


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (tfmodel(), ""),
        (tfmodel(step="Retire"), "Retire: because"),
        (tfmodel(observed=1), "newest spec"),
        (tfmodel(ready="False"), "Ready is False: Loading: …"),
        ({"metadata": {"generation": 1}}, "newest spec"),
    ],
)
def test_the_operator_is_at_rest_when_its_status_says_so(live: dict[str, Any], said: str) -> None:
    assert said in pending(live)
    assert bool(pending(live)) is bool(said)


def test_the_aspired_versions() -> None:
    assert aspired_versions({"versions": [1, 2], "versionLabels": {"stable": 1}}) == {1, 2}
    assert aspired_versions({"versionLabels": {"stable": 1, "canary": 3}}) == {1, 3}


def test_the_measured_tfmodel_is_valid() -> None:
    assert TFModel.parse(manifest("bench", 3)).spec.replicas == 3

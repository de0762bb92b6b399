"""Parts of other objects are rendered as the user wrote them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.render.rendering import child, container, pod_spec, rendered, tfmodel

EXAMPLES = Path(__file__).parents[3] / "testing/tfmodels"


def spec(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())["spec"]
    return found


@pytest.mark.parametrize("field", ["affinity", "topologySpreadConstraints"])
def test_parts_of_a_pod(field: str) -> None:
    written = spec("kubernetes-types")
    assert pod_spec(rendered(tfmodel(**written)))[field] == written["podTemplate"][field]


def test_variables() -> None:
    written = spec("kubernetes-types")
    manifests = rendered(tfmodel(**written))
    assert container(manifests)["env"] == written["server"]["env"]
    [fetcher] = pod_spec(manifests)["initContainers"]
    assert [each for each in fetcher["env"] if each["name"] != "POD_NAME"] == written["storage"]["env"]


def test_metrics_and_behavior() -> None:
    written = spec("scaled-by-metrics")["autoscaling"]
    autoscaler = child(rendered(tfmodel(autoscaling=written)), "HorizontalPodAutoscaler")["spec"]
    assert {field: autoscaler[field] for field in ("metrics", "behavior")} == {
        field: written[field] for field in ("metrics", "behavior")
    }


def test_parts_of_a_scaled_object() -> None:
    written = spec("kubernetes-types")["autoscaling"]["keda"]
    scaled = child(rendered(tfmodel(**spec("kubernetes-types"))), "ScaledObject")["spec"]
    assert scaled["triggers"] == written["triggers"]
    assert scaled["fallback"] == written["fallback"]
    assert scaled["advanced"] == {"scalingModifiers": written["scalingModifiers"]}

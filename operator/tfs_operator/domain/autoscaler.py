"""Reads an autoscaler's status: whether it can read the metrics that it scales on.

Sources:
https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale-walkthrough/#appendix-horizontal-pod-autoscaler-status-conditions,
https://keda.sh/docs/latest/concepts/troubleshooting/
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tfs_operator.api.manifest import Manifest

HPA = "HorizontalPodAutoscaler"
SCALED_OBJECT = "ScaledObject"
_TELLING = {HPA: ("AbleToScale", "ScalingActive"), SCALED_OBJECT: ("Ready",)}
_AT_ZERO = "ScalingDisabled"
"""The HorizontalPodAutoscaler of a Deployment without replicas; waiting for KEDA to raise it from zero."""
_HINTS = {
    "FailedGetContainerResourceMetric": "is metrics-server installed?",
    "FailedGetResourceMetric": "is metrics-server installed?",
    "FailedGetPodsMetric": "does an adapter serve custom.metrics.k8s.io?",
    "FailedGetObjectMetric": "does an adapter serve custom.metrics.k8s.io?",
    "FailedGetExternalMetric": "does an adapter serve external.metrics.k8s.io?",
}
_LIMIT = 1024


@dataclass(frozen=True)
class AutoscalerFacts:
    """`installed` is False where the cluster does not know its kind; `seen` once its controller has looked at it;
    `trouble` is why it cannot scale, in its own words."""

    kind: str
    least: int
    most: int
    installed: bool = True
    seen: bool = False
    trouble: str = ""


def facts(kind: str, least: int, most: int, live: Manifest | None, *, installed: bool = True) -> AutoscalerFacts:
    """Returns the facts of the live object; `live` is None while it does not exist."""
    conditions = (live or {}).get("status", {}).get("conditions") or []
    found = {item.get("type"): item for item in conditions}
    telling = [found[name] for name in _TELLING[kind] if found.get(name, {}).get("status") in ("True", "False")]
    return AutoscalerFacts(kind, least, most, installed, bool(telling), next(_troubles(telling), ""))


def _troubles(conditions: list[Manifest]) -> Iterator[str]:
    for condition in conditions:
        reason = condition.get("reason", "")
        if condition.get("status") == "False" and reason != _AT_ZERO:
            hint = f" ({_HINTS[reason]})" if reason in _HINTS else ""
            yield f"{reason}: {condition.get('message', '')}"[:_LIMIT] + hint

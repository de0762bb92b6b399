"""Schema cases of `spec.autoscaling`; see schema_cases."""

from typing import Any

from testing.schema import metric_cases
from testing.schema.values import COUNT, Manifest, Pair, Rows, entries, text, without

CPU_REQUEST = (
    "autoscaling on CPU needs server.resources.requests.cpu: the target is a percentage of it, and without it the "
    "autoscaler never scales"
)
MIN_ABOVE_MAX = "minReplicas is above maxReplicas"
ZERO = "minReplicas 0 needs keda: a HorizontalPodAutoscaler cannot scale to zero and back"
KEDA_ALONE = "keda excludes targetCPUUtilizationPercentage and metrics: say it as triggers, for example of type cpu"
IDLE = "keda.idleReplicaCount is for minReplicas above 0: minReplicas 0 scales to zero by itself"

TRIGGER: Manifest = {"type": "cron", "metadata": {}}
KEDA: Manifest = {"triggers": [TRIGGER]}
FALLBACK: Manifest = {"failureThreshold": 3, "replicas": 2}
METRICS = [metric_cases.PODS]
REQUESTS = {"server": {"resources": {"requests": {"cpu": 1}}}}
URI = {"modelUri": "file:///m"}
BESIDE: dict[str, dict[str, Any]] = {
    "spec.autoscaling": {**URI, **REQUESTS},
    "spec.autoscaling.minReplicas": {"maxReplicas": 1000, "keda": KEDA},
    **metric_cases.BESIDE,
}
"""What a field needs beside it."""

SIBLINGS: dict[str, dict[str, Any]] = {
    "spec.autoscaling": {"maxReplicas": 9},
    "spec.autoscaling.keda": KEDA,
    "spec.autoscaling.keda.fallback": FALLBACK,
    "spec.autoscaling.keda.triggers[]": TRIGGER,
    "spec.autoscaling.keda.triggers[].authenticationRef": {"name": "a"},
    **metric_cases.SIBLINGS,
}

_SECONDS: dict[str, Pair | list[Pair]] = {"minimum": (0, -1), "maximum": (86400, 86401)}


def _scaled(autoscaling: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**URI, "autoscaling": {"maxReplicas": 9, **autoscaling}, **more}


ROWS: Rows = {
    "spec": {
        CPU_REQUEST: [
            (_scaled({}, **REQUESTS), _scaled({})),
            (_scaled({}, server={"resources": {"limits": {"cpu": "2"}}}), _scaled({}, server={"resources": {}})),
            (
                _scaled({"targetCPUUtilizationPercentage": 50}, **REQUESTS),
                _scaled({"targetCPUUtilizationPercentage": 50}, server={"resources": {"requests": {"memory": "1Gi"}}}),
            ),
            (
                _scaled({"metrics": METRICS}),
                _scaled({"metrics": METRICS, "targetCPUUtilizationPercentage": 50}, server={"image": "a"}),
            ),
            (_scaled({"keda": KEDA}), None),
        ],
    },
    "spec.autoscaling": {
        "required maxReplicas": ({"maxReplicas": 1}, {"minReplicas": 1}),
        MIN_ABOVE_MAX: [
            ({"minReplicas": 2, "maxReplicas": 2}, {"minReplicas": 3, "maxReplicas": 2}),
        ],
        ZERO: ({"minReplicas": 0, "maxReplicas": 2, "keda": KEDA}, {"minReplicas": 0, "maxReplicas": 2}),
        KEDA_ALONE: [
            ({"maxReplicas": 2, "keda": KEDA}, {"maxReplicas": 2, "keda": KEDA, "metrics": METRICS}),
            ({"maxReplicas": 2, "metrics": METRICS, "targetCPUUtilizationPercentage": 50}, None),
            ({"maxReplicas": 2}, {"maxReplicas": 2, "keda": KEDA, "targetCPUUtilizationPercentage": 50}),
        ],
        IDLE: (
            {"minReplicas": 1, "maxReplicas": 2, "keda": {**KEDA, "idleReplicaCount": 0}},
            {"minReplicas": 0, "maxReplicas": 2, "keda": {**KEDA, "idleReplicaCount": 0}},
        ),
    },
    "spec.autoscaling.minReplicas": {"minimum": (0, -1), "maximum": (1000, 1001)},
    "spec.autoscaling.maxReplicas": {"minimum": (1, 0), "maximum": (1000, 1001)},
    "spec.autoscaling.targetCPUUtilizationPercentage": {"minimum": (1, 0), "maximum": (1000, 1001)},
    "spec.autoscaling.metrics": {"minItems": (METRICS, []), "maxItems": (METRICS * 16, METRICS * 17)},
    "spec.autoscaling.keda": {"required triggers": (KEDA, {"pollingInterval": 30})},
    "spec.autoscaling.keda.triggers": {"minItems": ([TRIGGER], []), "maxItems": ([TRIGGER] * 32, [TRIGGER] * 33)},
    "spec.autoscaling.keda.triggers[]": {f"required {key}": (TRIGGER, without(TRIGGER, key)) for key in TRIGGER},
    "spec.autoscaling.keda.triggers[].type": {"minLength": ("a", ""), "maxLength": (text(253), text(254))},
    "spec.autoscaling.keda.triggers[].name": {"maxLength": (text(253), text(254))},
    "spec.autoscaling.keda.triggers[].metadata": {"maxProperties": (entries(64), entries(65))},
    "spec.autoscaling.keda.triggers[].metadata.*": {"maxLength": (text(16384), text(16385))},
    "spec.autoscaling.keda.triggers[].authenticationRef": {"required name": ({"name": "a"}, {})},
    "spec.autoscaling.keda.triggers[].authenticationRef.name": {"maxLength": (text(253), text(254))},
    "spec.autoscaling.keda.triggers[].authenticationRef.kind": {
        "enum": [("TriggerAuthentication", ""), ("ClusterTriggerAuthentication", "clustertriggerauthentication")],
    },
    "spec.autoscaling.keda.triggers[].metricType": {
        "enum": [("AverageValue", ""), ("Value", "value"), ("Utilization", "utilization")],
    },
    "spec.autoscaling.keda.fallback": {f"required {key}": (FALLBACK, without(FALLBACK, key)) for key in FALLBACK},
    "spec.autoscaling.keda.fallback.failureThreshold": COUNT,
    "spec.autoscaling.keda.fallback.replicas": COUNT,
    "spec.autoscaling.keda.fallback.behavior": {
        "enum": [
            ("static", "Static"),
            ("currentReplicas", ""),
            ("currentReplicasIfHigher", "currentReplicasIfEqual"),
            ("currentReplicasIfLower", "current"),
            ("scalingModifiers", "formula"),
        ],
    },
    "spec.autoscaling.keda.scalingModifiers.formula": {"maxLength": (text(4096), text(4097))},
    "spec.autoscaling.keda.scalingModifiers.target": {"maxLength": (text(64), text(65))},
    "spec.autoscaling.keda.scalingModifiers.activationTarget": {"maxLength": (text(64), text(65))},
    "spec.autoscaling.keda.scalingModifiers.metricType": {"enum": [("AverageValue", "Utilization"), ("Value", "")]},
    "spec.autoscaling.keda.pollingInterval": {"minimum": (1, 0), "maximum": (86400, 86401)},
    "spec.autoscaling.keda.cooldownPeriod": _SECONDS,
    "spec.autoscaling.keda.initialCooldownPeriod": _SECONDS,
    "spec.autoscaling.keda.idleReplicaCount": {"minimum": (0, -1), "maximum": (0, 1)},
    "spec.rollout.surgeTimeoutSeconds": _SECONDS,
    **metric_cases.ROWS,
}

"""Probes and drain. None names a version or a label: those change without a new pod template.

Source: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
"""

import math
from collections.abc import Sequence

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.placement import Rollout
from tfs_operator.render.ports import GRPC_PORT, REST_PORT

_STARTUP_PERIOD = 2
_KILL_AFTER_DRAIN = 5


def probes(models: Sequence[str], rollout: Rollout) -> Manifest:
    """Returns the container's probes, by the name of its first model: ports open only once every model is served."""
    return {
        "startupProbe": _startup(models[0], rollout.load_timeout_seconds),
        "readinessProbe": _readiness(models),
        "livenessProbe": {
            "tcpSocket": {"port": GRPC_PORT},
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 6,
        },
    }


def _startup(model: str, load_timeout_seconds: int) -> Manifest:
    return {
        "httpGet": {"path": _status(model), "port": REST_PORT},
        "periodSeconds": _STARTUP_PERIOD,
        "timeoutSeconds": 5,
        "failureThreshold": math.ceil(load_timeout_seconds / _STARTUP_PERIOD),
    }


def _status(model: str) -> str:
    return f"/v1/models/{model}"


def _readiness(models: Sequence[str]) -> Manifest:
    """On the metadata of a single model, which needs a version that is AVAILABLE. Of several, one that has lost its
    versions must not take the others out of service, so there it is on the bare status, which answers 200 in any state
    (tf-serving http_rest_api_handler.cc): the server answers, and has served every model when its ports opened."""
    path = _status(models[0])
    return {
        "httpGet": {"path": path if len(models) > 1 else f"{path}/metadata", "port": REST_PORT},
        "periodSeconds": 2,
        "timeoutSeconds": 5,
        "failureThreshold": 3,
    }


def grace_period(rollout: Rollout) -> int:
    """Seconds until SIGKILL, just above the drain: TensorFlow Serving ignores SIGTERM (tensorflow/serving#1853)."""
    return rollout.drain_seconds + _KILL_AFTER_DRAIN


def lifecycle(rollout: Rollout) -> Manifest:
    """Returns a hook that serves while endpoints are withdrawn. Kubernetes refuses a sleep of 0 before 1.33."""
    if rollout.drain_seconds == 0:
        return {}
    return {"lifecycle": {"preStop": {"sleep": {"seconds": rollout.drain_seconds}}}}

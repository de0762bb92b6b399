"""The agent's container, in every pod: a native sidecar, which holds back the model server until it can start.

It fetches models from stores, and looks at those on claims and host paths. Source:
https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
"""

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.fetch_protocol import FETCHER_PORT, HEALTH_PATH, READY_PATH
from tfs_operator.domain.location import STORE_ROOT, remotes
from tfs_operator.render.fetch_plan import PLAN_FILE
from tfs_operator.render.ports import REST_PORT
from tfs_operator.render.quality_of_service import is_guaranteed
from tfs_operator.render.security import container_security_context
from tfs_operator.render.settings import Settings
from tfs_operator.render.volumes import CA_PATH, CONFIG_PATH, CREDENTIALS_PATH, agent_mounts

FETCHER_NAME = "fetcher"
"""Where models are fetched: the name that users know from `kubectl logs` and from their dashboards."""

AGENT_NAME = "agent"
"""Elsewhere."""

AGENT_NAMES = (FETCHER_NAME, AGENT_NAME)

_WEEK_SECONDS = 7 * 24 * 3600
_FETCHES: Manifest = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}
_LOOKS: Manifest = {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}}
_GUARANTEED: Manifest = {"cpu": "200m", "memory": "128Mi"}


def agent(tfmodel: TFModel, settings: Settings) -> Manifest:
    """Returns the container, one of the pod's init containers."""
    fetches = _fetches(tfmodel)
    return {
        "name": FETCHER_NAME if fetches else AGENT_NAME,
        "image": settings.fetcher_image,
        "restartPolicy": "Always",
        "command": ["tfs-operator", "fetch"],
        "args": _arguments(tfmodel),
        **({"env": _environment(tfmodel)} if fetches else {}),
        "ports": [{"name": "fetch", "containerPort": FETCHER_PORT, "protocol": "TCP"}],
        "resources": _resources(tfmodel),
        "volumeMounts": agent_mounts(tfmodel),
        **_probes(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": container_security_context(),
    }


def _fetches(tfmodel: TFModel) -> bool:
    return bool(remotes(tfmodel.metadata.name, tfmodel.spec))


def _arguments(tfmodel: TFModel) -> list[str]:
    """Where a model comes from and who asks for it is fixed for the life of a pod; which versions, is not."""
    fixed = [
        f"--plan={CONFIG_PATH}/{PLAN_FILE}",
        f"--root={STORE_ROOT}",
        f"--port={FETCHER_PORT}",
        f"--model-server=http://127.0.0.1:{REST_PORT}",
    ]
    return [*fixed, *_storage_flags(tfmodel)] if _fetches(tfmodel) else fixed


def _storage_flags(tfmodel: TFModel) -> list[str]:
    storage = tfmodel.spec.storage
    secret, bundle = storage.secret_ref, storage.ca_bundle
    chosen = {
        "--endpoint": storage.endpoint,
        "--region": storage.region,
        "--credentials": CREDENTIALS_PATH if secret else None,
        "--secret-name": secret.name if secret else None,
        "--ca-bundle": f"{CA_PATH}/{bundle.key}" if bundle else None,
        "--ca-name": bundle.name if bundle else None,
        "--shared": "$(POD_NAME)" if storage.cache else None,
    }
    flags = [f"{flag}={value}" for flag, value in chosen.items() if value is not None]
    return [*flags, *(["--anonymous"] if storage.anonymous else [])]


def _environment(tfmodel: TFModel) -> list[Manifest]:
    """The pod's name tells pods apart that share a cache."""
    name = {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    chosen = [
        variable.model_dump(by_alias=True, exclude_none=True)
        for variable in tfmodel.spec.storage.env or []
        if variable.name != name["name"]
    ]
    return [name, *chosen]


def _resources(tfmodel: TFModel) -> Manifest:
    """A pod whose server is guaranteed its resources stays so: Kubernetes asks that of every container."""
    requested = tfmodel.spec.storage.resources
    chosen: Manifest = requested.model_dump(by_alias=True, exclude_none=True) if requested else {}
    default = _FETCHES if _fetches(tfmodel) else _LOOKS
    if not _fetches(tfmodel) and is_guaranteed(tfmodel.spec.server.resources):
        default = {"requests": _GUARANTEED, "limits": _GUARANTEED}
    return {key: amounts for key, amounts in {**default, **chosen}.items() if amounts}


def _probes() -> Manifest:
    """Fetching is tried again within the process, so that no probe has to restart it: the startup probe only holds
    back the model server, for a week at the most. No readiness probe: a store that is down must not take a pod that
    serves out of its Service."""
    return {
        "startupProbe": {
            "httpGet": {"path": READY_PATH, "port": FETCHER_PORT},
            "periodSeconds": 1,
            "timeoutSeconds": 5,
            "failureThreshold": _WEEK_SECONDS,
        },
        "livenessProbe": {
            "httpGet": {"path": HEALTH_PATH, "port": FETCHER_PORT},
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 6,
        },
    }

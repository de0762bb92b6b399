"""Volumes: the configuration, a scratch folder, and one for each place that a model lies in or comes from."""

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.location import STORE_ROOT, Claim, NodePath, locations, remotes
from tfs_operator.render.metadata import config_map_name
from tfs_operator.render.tls import tls_mounts, tls_volumes

CONFIG_PATH = "/etc/tfs-operator"
CREDENTIALS_PATH = "/etc/tfs-operator-credentials"
CA_PATH = "/etc/tfs-operator-ca"
_STORE = "store"


def volumes(tfmodel: TFModel) -> list[Manifest]:
    """Returns the pod's volumes, in an order that depends on nothing but the spec."""
    return [
        {"name": "config", "configMap": {"name": config_map_name(tfmodel.metadata.name)}},
        {"name": "tmp", "emptyDir": {}},
        *(
            {"name": f"claim-{index}", "persistentVolumeClaim": {"claimName": claim, "readOnly": True}}
            for index, claim in enumerate(_claims(tfmodel))
        ),
        *(
            {"name": f"hostpath-{index}", "hostPath": {"path": f"/{path.path}", "type": "Directory"}}
            for index, path in enumerate(_node_paths(tfmodel))
        ),
        *_store_volumes(tfmodel),
        *tls_volumes(tfmodel),
    ]


def mounts(tfmodel: TFModel) -> list[Manifest]:
    """Returns the mounts of the model server's container: models are read-only."""
    return [
        {"name": "config", "mountPath": CONFIG_PATH, "readOnly": True},
        {"name": "tmp", "mountPath": "/tmp"},
        *_local_mounts(tfmodel),
        *([{"name": _STORE, "mountPath": STORE_ROOT, "readOnly": True}] if _fetches(tfmodel) else []),
        *tls_mounts(tfmodel),
    ]


def agent_mounts(tfmodel: TFModel) -> list[Manifest]:
    """Returns the mounts of the agent's container, which alone sees the credentials."""
    return [
        {"name": "config", "mountPath": CONFIG_PATH, "readOnly": True},
        *_local_mounts(tfmodel),
        *(_store_mounts(tfmodel) if _fetches(tfmodel) else []),
    ]


def _local_mounts(tfmodel: TFModel) -> list[Manifest]:
    return [
        *(
            {"name": f"claim-{index}", "mountPath": Claim(claim, "").mount_path, "readOnly": True}
            for index, claim in enumerate(_claims(tfmodel))
        ),
        *(
            {"name": f"hostpath-{index}", "mountPath": path.base_path, "readOnly": True}
            for index, path in enumerate(_node_paths(tfmodel))
        ),
    ]


def _store_mounts(tfmodel: TFModel) -> list[Manifest]:
    storage = tfmodel.spec.storage
    return [
        {"name": "fetcher-tmp", "mountPath": "/tmp"},
        {"name": _STORE, "mountPath": STORE_ROOT},
        *([{"name": "credentials", "mountPath": CREDENTIALS_PATH, "readOnly": True}] if storage.secret_ref else []),
        *([{"name": "ca", "mountPath": CA_PATH, "readOnly": True}] if storage.ca_bundle else []),
    ]


def _store_volumes(tfmodel: TFModel) -> list[Manifest]:
    """Secret and ConfigMap are optional: where one is missing the fetcher runs, reports it, and goes on once it is
    there, while the kubelet would keep the pod from starting."""
    if not _fetches(tfmodel):
        return []
    storage = tfmodel.spec.storage
    found: list[Manifest] = [{"name": "fetcher-tmp", "emptyDir": {}}, {"name": _STORE, **_store(tfmodel)}]
    if storage.secret_ref:
        found.append({"name": "credentials", "secret": {"secretName": storage.secret_ref.name, "optional": True}})
    if storage.ca_bundle:
        found.append({"name": "ca", "configMap": {"name": storage.ca_bundle.name, "optional": True}})
    return found


def _store(tfmodel: TFModel) -> Manifest:
    cache = tfmodel.spec.storage.cache
    return {"persistentVolumeClaim": {"claimName": cache.persistent_volume_claim}} if cache else {"emptyDir": {}}


def _fetches(tfmodel: TFModel) -> bool:
    return bool(remotes(tfmodel.metadata.name, tfmodel.spec))


def _claims(tfmodel: TFModel) -> list[str]:
    found = locations(tfmodel.metadata.name, tfmodel.spec).values()
    return sorted({location.claim for location in found if isinstance(location, Claim)})


def _node_paths(tfmodel: TFModel) -> list[NodePath]:
    found = locations(tfmodel.metadata.name, tfmodel.spec).values()
    return sorted({location for location in found if isinstance(location, NodePath)}, key=lambda path: path.path)

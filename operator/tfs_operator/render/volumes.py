"""Volumes: the configuration, a scratch folder, and one for each claim or node path that a model lies in."""

from tfs_operator.api.resource import TFModel
from tfs_operator.domain.location import Claim, NodePath, locations
from tfs_operator.render.metadata import Manifest, config_map_name

CONFIG_PATH = "/etc/tfs-operator"


def volumes(tfmodel: TFModel) -> list[Manifest]:
    """Volumes of the pod, in an order that depends on nothing but the spec."""
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
    ]


def mounts(tfmodel: TFModel) -> list[Manifest]:
    """Mounts of the container: models are read-only."""
    return [
        {"name": "config", "mountPath": CONFIG_PATH, "readOnly": True},
        {"name": "tmp", "mountPath": "/tmp"},
        *(
            {"name": f"claim-{index}", "mountPath": Claim(claim, "").mount_path, "readOnly": True}
            for index, claim in enumerate(_claims(tfmodel))
        ),
        *(
            {"name": f"hostpath-{index}", "mountPath": path.base_path, "readOnly": True}
            for index, path in enumerate(_node_paths(tfmodel))
        ),
    ]


def _claims(tfmodel: TFModel) -> list[str]:
    found = locations(tfmodel.metadata.name, tfmodel.spec).values()
    return sorted({location.claim for location in found if isinstance(location, Claim)})


def _node_paths(tfmodel: TFModel) -> list[NodePath]:
    found = locations(tfmodel.metadata.name, tfmodel.spec).values()
    return sorted({location for location in found if isinstance(location, NodePath)}, key=lambda path: path.path)

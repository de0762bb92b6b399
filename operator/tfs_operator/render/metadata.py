"""Names, labels and ownership that all children have in common."""

from tfs_operator.api.identity import API_VERSION, KIND
from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.drift import DIGEST_ANNOTATION, digest

MANAGED_BY = "tfs-operator"
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
INSTANCE_LABEL = "app.kubernetes.io/instance"
NAME_LABEL = "app.kubernetes.io/name"
APPLICATION = "tensorflow-serving"


def config_map_name(tfmodel_name: str) -> str:
    return f"{tfmodel_name}-config"


def trial_name(tfmodel_name: str) -> str:
    """Returns the name of the Deployment whose pod versions are tried on."""
    return f"{tfmodel_name}.trial"


def headless_name(tfmodel: TFModel) -> str:
    return f"{tfmodel.metadata.name}-headless"


def selector(tfmodel: TFModel) -> dict[str, str]:
    """Returns the labels by which the Deployment finds its pods: they can never change, so these are few and final.
    Pods of a Helm release may have them as well; what can change selects by all of `labels`."""
    return {NAME_LABEL: APPLICATION, INSTANCE_LABEL: tfmodel.metadata.name}


def labels(tfmodel: TFModel) -> dict[str, str]:
    return {**selector(tfmodel), MANAGED_BY_LABEL: MANAGED_BY}


def child(tfmodel: TFModel, api_version: str, kind: str, name: str, body: Manifest) -> Manifest:
    """Returns a complete manifest: identity, labels, controlling owner, and the digest by which a change is noticed."""
    manifest = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": tfmodel.metadata.namespace,
            "labels": labels(tfmodel),
            **body.pop("metadata", {}),
            **_ownership(tfmodel),
        },
        **body,
    }
    annotations = {**manifest["metadata"].get("annotations", {}), DIGEST_ANNOTATION: digest(manifest)}
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": annotations}}


def _ownership(tfmodel: TFModel) -> Manifest:
    """Without blockOwnerDeletion, which would ask for the right to update finalizers. A TFModel that is in no cluster
    has no uid, and cannot own anything."""
    if not tfmodel.metadata.uid:
        return {}
    owner = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": tfmodel.metadata.name,
        "uid": tfmodel.metadata.uid,
        "controller": True,
    }
    return {"ownerReferences": [owner]}

"""What a ReplicaSet of a Deployment leaves on the pods that it makes."""

from typing import Any

HASH = "5d8f9c7b6"


def made_by(deployment: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """Returns the metadata of a pod with its owner and its label, as the Deployment's controllers would make it."""
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{deployment}-{HASH}", "uid": "a-replica-set"}
    labels = {**metadata.get("labels", {}), "pod-template-hash": HASH}
    return {**metadata, "labels": labels, "ownerReferences": [{**owner, "controller": True}]}

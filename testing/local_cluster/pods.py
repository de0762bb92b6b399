"""Reads the state of a pod from its manifest."""

from testing.local_cluster.kubectl import Manifest


def has_ended(pod: Manifest) -> bool:
    """Whether none of its containers will ever run again."""
    return pod["status"].get("phase") in ("Failed", "Succeeded")


def is_ready(pod: Manifest) -> bool:
    """Whether the pod is ready and is not being deleted."""
    conditions = {c["type"]: c["status"] for c in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]

"""What of a live object is worth its memory: a pod is 5 to 10 KB as the API server sends it, and 1 KB as kept."""

from collections.abc import Iterable, Mapping
from typing import Any

from tfs_operator.api.identity import GROUP
from tfs_operator.api.manifest import Manifest

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""A second copy of the whole object, by kubectl."""

_POD_METADATA = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "labels",
    "creationTimestamp",
    "deletionTimestamp",
    "ownerReferences",
)
_POD_SPEC = ("nodeName",)
_POD_STATUS = (
    "phase",
    "reason",
    "message",
    "podIP",
    "conditions",
    "containerStatuses",
    "initContainerStatuses",
)


def slim(item: Mapping[str, Any]) -> Manifest:
    """Returns the object without what the operator never reads. The result shares its parts with `item`."""
    return _pod(item) if item["kind"] == "Pod" else _other(item)


def _other(item: Mapping[str, Any]) -> Manifest:
    metadata = {name: value for name, value in item["metadata"].items() if name != "managedFields"}
    annotations = metadata.get("annotations") or {}
    if LAST_APPLIED in annotations:
        metadata["annotations"] = {name: value for name, value in annotations.items() if name != LAST_APPLIED}
    return {**item, "metadata": metadata}


def _pod(item: Mapping[str, Any]) -> Manifest:
    metadata = _only(item["metadata"], _POD_METADATA)
    annotations = item["metadata"].get("annotations") or {}
    ours = {name: value for name, value in annotations.items() if name.startswith(f"{GROUP}/")}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**metadata, "annotations": ours} if ours else metadata,
        "spec": _only(item.get("spec") or {}, _POD_SPEC),
        "status": _only(item.get("status") or {}, _POD_STATUS),
    }


def _only(part: Mapping[str, Any], names: Iterable[str]) -> Manifest:
    return {name: part[name] for name in names if name in part}

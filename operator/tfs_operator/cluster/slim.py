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
_CONTAINERS = ("initContainers", "containers")
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
        "spec": _pod_spec(item.get("spec") or {}),
        "status": _only(item.get("status") or {}, _POD_STATUS),
    }


def _pod_spec(spec: Mapping[str, Any]) -> Manifest:
    """Keeps of the containers only the memory limits, which say why one was killed."""
    limited = {kind: [found for each in spec.get(kind) or () if (found := _limited(each))] for kind in _CONTAINERS}
    return {**_only(spec, _POD_SPEC), **{kind: containers for kind, containers in limited.items() if containers}}


def _limited(container: Mapping[str, Any]) -> Manifest | None:
    limit = ((container.get("resources") or {}).get("limits") or {}).get("memory")
    return {"name": container["name"], "resources": {"limits": {"memory": limit}}} if limit else None


def _only(part: Mapping[str, Any], names: Iterable[str]) -> Manifest:
    return {name: part[name] for name in names if name in part}

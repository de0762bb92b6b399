"""What of a live object is worth its memory: a pod is 5 to 10 KB as the API server sends it, and 1 KB as kept.

Whoever may write objects in any namespace decides how large they are, up to 1.5 MiB. What the operator never reads is
left out, and so is the content of an object that is larger than any that it makes itself.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tfs_operator.api.identity import GROUP, KIND
from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.object_size import MAX_SPEC_BYTES, UNREADABLE, fits, unreadable
from tfs_operator.render.metadata import INSTANCE_LABEL, MANAGED_BY_LABEL, NAME_LABEL

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""A second copy of the whole object, by kubectl."""
MAX_CHILD_BYTES = 2 * MAX_SPEC_BYTES
MAX_TFMODEL_STATUS_BYTES = 2**20
"""Far more than the operator writes (planning.status_budget)."""
MAX_OWNER_BYTES = 2**10
MAX_STATUS_BYTES = MAX_POD_BYTES = 2**16
INCOMPLETE = "incomplete"
"""Key of an object of which only its identity is known."""

_OWN = f"{GROUP}/"
_LABELS = (NAME_LABEL, INSTANCE_LABEL, MANAGED_BY_LABEL, "pod-template-hash")
_IDENTITY = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp")
_OWNER = ("apiVersion", "kind", "name", "uid", "controller")
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


class Slim(dict[str, Any]):
    """An object without what the operator never reads."""


def slim(item: Mapping[str, Any]) -> Slim:
    """Returns the object as it is kept. The result shares its parts with `item`."""
    if isinstance(item, Slim):
        return item
    if item["kind"] == KIND:
        return Slim(_tfmodel(item))
    return Slim(_pod(item) if item["kind"] == "Pod" else _child(item))


def stub(item: Mapping[str, Any]) -> Slim:
    """Returns who the object is, and nothing of what it holds: it belongs to a TFModel that is not known (yet)."""
    return Slim({"kind": item["kind"], "metadata": _identity(item), INCOMPLETE: True})


def _tfmodel(item: Mapping[str, Any]) -> Manifest:
    kept = {**_only(item, ("apiVersion", "kind", "spec", UNREADABLE)), "metadata": _identity(item, "generation")}
    if fits(item.get("status"), MAX_TFMODEL_STATUS_BYTES):
        kept |= _only(item, ("status",))
    problem = unreadable(item.get("spec"))
    return {**kept, "spec": {}, UNREADABLE: problem} if problem else kept


def _child(item: Mapping[str, Any]) -> Manifest:
    annotations = item["metadata"].get("annotations") or {}
    others = {name: value for name, value in annotations.items() if name != LAST_APPLIED}
    metadata = _identity(item, "generation", "labels") | ({"annotations": others} if others else {})
    kept = {**item, "metadata": metadata}
    return kept if fits(kept, MAX_CHILD_BYTES) else _hollow(kept)


def _hollow(item: Mapping[str, Any]) -> Manifest:
    """What the operator has made is smaller: all that is left out differs from it, and is written anew."""
    metadata = {**item["metadata"], "labels": _labels(item), "annotations": _annotations(item)}
    found = item.get("spec")
    scalars = found.items() if isinstance(found, dict) else ()
    spec = {key: value for key, value in scalars if not isinstance(value, dict | list) and fits(value, MAX_OWNER_BYTES)}
    status = item.get("status") or {}
    seen = {"status": status} if fits(status, MAX_STATUS_BYTES) else {}
    return {**_only(item, ("apiVersion", "kind")), "metadata": metadata, "spec": spec, **seen}


def _pod(item: Mapping[str, Any]) -> Manifest:
    annotations = _annotations(item)
    kept = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _identity(item) | {"labels": _labels(item)} | ({"annotations": annotations} if annotations else {}),
        "spec": _pod_spec(item.get("spec") or {}),
        "status": _only(item.get("status") or {}, _POD_STATUS),
    }
    return kept if fits(kept, MAX_POD_BYTES) else {**kept, "metadata": _identity(item), "spec": {}, "status": {}}


def _pod_spec(spec: Mapping[str, Any]) -> Manifest:
    """Keeps of the containers only the memory limits, which say why one was killed."""
    limited = {kind: [found for each in spec.get(kind) or () if (found := _limited(each))] for kind in _CONTAINERS}
    return {**_only(spec, _POD_SPEC), **{kind: containers for kind, containers in limited.items() if containers}}


def _limited(container: Mapping[str, Any]) -> Manifest | None:
    limit = ((container.get("resources") or {}).get("limits") or {}).get("memory")
    return {"name": container["name"], "resources": {"limits": {"memory": limit}}} if limit else None


def _labels(item: Mapping[str, Any]) -> Manifest:
    return _only(item["metadata"].get("labels") or {}, _LABELS)


def _annotations(item: Mapping[str, Any]) -> Manifest:
    annotations = item["metadata"].get("annotations") or {}
    return {name: value for name, value in annotations.items() if name.startswith(_OWN)}


def _identity(item: Mapping[str, Any], *more: str) -> Manifest:
    """An object has one controller at most, but there may be thousands of other owners, with names of any length."""
    metadata = item["metadata"]
    owners = [owner for owner in metadata.get("ownerReferences") or () if owner.get("controller")]
    known = [_only(owner, _OWNER) for owner in owners if fits(owner, MAX_OWNER_BYTES)]
    return _only(metadata, (*_IDENTITY, *more)) | ({"ownerReferences": known} if known else {})


def _only(part: Mapping[str, Any], names: Iterable[str]) -> Manifest:
    return {name: part[name] for name in names if name in part}

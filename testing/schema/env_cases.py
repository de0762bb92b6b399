"""The rows of `schema_cases` about sources of environment variables, of the model server and of the fetcher."""

from testing.schema.selector_cases import QUANTITY, merged
from testing.schema.values import Manifest, Pair, Rows, text, without

SOURCES = ("spec.server.env[].valueFrom", "spec.storage.env[].valueFrom")
ONE_SOURCE = "set exactly one of secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef"

KEY_REF: Manifest = {"name": "a", "key": "k"}
SECRET: Manifest = {"secretKeyRef": KEY_REF}
_FIELD: Manifest = {"fieldPath": "spec.nodeName"}
_RESOURCE: Manifest = {"resource": "limits.cpu"}

SIBLINGS: dict[str, Manifest] = {
    f"{path}.{field}": value
    for path in SOURCES
    for field, value in {
        "secretKeyRef": KEY_REF,
        "configMapKeyRef": KEY_REF,
        "fieldRef": _FIELD,
        "resourceFieldRef": _RESOURCE,
    }.items()
}

_NAME: dict[str, Pair | list[Pair]] = {
    "minLength": ("a", ""),
    "maxLength": (text(253), text(254)),
    "pattern": [("a.b-c", "A"), ("a", "a\n"), ("0", "-"), ("a", "a/b")],
}
_KEY: dict[str, Pair | list[Pair]] = {
    "minLength": ("a", ""),
    "maxLength": (text(253), text(254)),
    "pattern": [("API_key-1.x", "a/b"), ("a", "a\n"), ("a", "$(A)")],
}


def _key_ref(path: str) -> Rows:
    return {
        path: {f"required {key}": (KEY_REF, without(KEY_REF, key)) for key in KEY_REF},
        f"{path}.name": _NAME,
        f"{path}.key": _KEY,
    }


def _source(path: str) -> Rows:
    return {
        path: {
            ONE_SOURCE: [
                (SECRET, {}),
                ({"configMapKeyRef": KEY_REF}, {**SECRET, "configMapKeyRef": KEY_REF}),
                ({"fieldRef": _FIELD}, {"fieldRef": _FIELD, "resourceFieldRef": _RESOURCE}),
                ({"resourceFieldRef": _RESOURCE}, {**SECRET, "fieldRef": _FIELD, "resourceFieldRef": _RESOURCE}),
            ],
        },
        **_key_ref(f"{path}.secretKeyRef"),
        **_key_ref(f"{path}.configMapKeyRef"),
        f"{path}.fieldRef": {"required fieldPath": (_FIELD, {"apiVersion": "v1"})},
        f"{path}.fieldRef.fieldPath": {"minLength": ("a", ""), "maxLength": (text(512), text(513))},
        f"{path}.fieldRef.apiVersion": {"enum": ("v1", "v2")},
        f"{path}.resourceFieldRef": {"required resource": (_RESOURCE, {"divisor": 1})},
        f"{path}.resourceFieldRef.resource": {"minLength": ("a", ""), "maxLength": (text(317), text(318))},
        f"{path}.resourceFieldRef.containerName": {"maxLength": (text(63), text(64))},
        f"{path}.resourceFieldRef.divisor": QUANTITY,
    }


ROWS: Rows = merged(map(_source, SOURCES))

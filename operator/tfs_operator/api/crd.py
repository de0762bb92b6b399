"""The CustomResourceDefinition, generated from the pydantic models.

pydantic emits JSON Schema 2020-12; the API server takes a structural OpenAPI v3 schema. The translation knows
just the constructs that this API uses and fails on any other, so that nothing is lost unnoticed.
Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
"""

from copy import deepcopy
from typing import Any

from tfs_operator.api.identity import CRD_NAME, GROUP, KIND, PLURAL, SHORT_NAME, SINGULAR, VERSION
from tfs_operator.api.resource import NAME_RULES
from tfs_operator.api.rules import cel_extension
from tfs_operator.api.spec import TFModelSpec
from tfs_operator.api.status import TFModelStatus

Schema = dict[str, Any]

_KEPT = {
    "type", "format", "description", "default", "enum", "pattern",
    "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
}  # fmt: skip
_PROPERTIES_BOUNDS = {"minProperties", "maxProperties"}
_DROPPED = {"title", "$defs"}
_HANDLED = {"properties", "required", "items", "additionalProperties", "anyOf", "const", "$ref"}


class UnsupportedSchema(TypeError):
    """A model uses a construct that has no structural schema."""


def structural(schema: Schema, definitions: Schema, path: str) -> Schema:
    """`schema` as a structural schema: references inlined, optional members unwrapped, no unknown construct."""
    if "$ref" in schema:
        referred = definitions[schema["$ref"].rsplit("/", 1)[1]]
        return structural({**referred, **_without(schema, "$ref")}, definitions, path)
    if "anyOf" in schema:
        return structural(_one_of(schema, path), definitions, path)
    _refuse_unknown(schema, path)
    result = {key: deepcopy(value) for key, value in schema.items() if _is_copied(key)}
    if "description" in result:
        result["description"] = " ".join(result["description"].split())
    result.update(_members(schema, definitions, path))
    return result


def _without(schema: Schema, *keys: str) -> Schema:
    return {key: value for key, value in schema.items() if key not in keys}


def _is_copied(key: str) -> bool:
    return key in _KEPT | _PROPERTIES_BOUNDS or key.startswith("x-kubernetes-")


def _refuse_unknown(schema: Schema, path: str) -> None:
    unknown = [key for key in schema if not _is_copied(key) and key not in _DROPPED | _HANDLED]
    if unknown:
        raise UnsupportedSchema(f"{path}: {', '.join(unknown)} cannot be expressed in a structural schema")


def _one_of(schema: Schema, path: str) -> Schema:
    """`X | None` is an optional X, and `int | str` a Kubernetes int-or-string; nothing else is a union."""
    choices = [choice for choice in schema["anyOf"] if choice.get("type") != "null"]
    outer = _without(schema, "anyOf")
    if outer.get("default", "") is None:
        outer.pop("default")
    if len(choices) == 1:
        return {**choices[0], **outer}
    if sorted(choice.get("type", "") for choice in choices) == ["integer", "string"]:
        return {**outer, "x-kubernetes-int-or-string": True, **_bounds_of(choices)}
    raise UnsupportedSchema(f"{path}: a union of {choices} has no structural schema")


def _bounds_of(choices: list[Schema]) -> Schema:
    """Each holds for its own type only: `minimum` for the integers, `pattern` and `maxLength` for the strings."""
    return {key: value for choice in choices for key, value in _without(choice, "type").items()}


def _members(schema: Schema, definitions: Schema, path: str) -> Schema:
    members: Schema = {}
    if "const" in schema:
        members["enum"] = [schema["const"]]
    if "properties" in schema:
        members["properties"] = {
            name: structural(member, definitions, f"{path}.{name}") for name, member in schema["properties"].items()
        }
    if schema.get("required"):
        members["required"] = sorted(schema["required"])
    if "items" in schema:
        members["items"] = structural(schema["items"], definitions, f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        members["additionalProperties"] = structural(schema["additionalProperties"], definitions, f"{path}.*")
    return members


def _schema_of(model: type[TFModelSpec] | type[TFModelStatus], path: str) -> Schema:
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return structural(schema, schema.get("$defs", {}), path)


def _without_defaults(schema: Schema) -> Schema:
    """The status is written by the operator alone; defaults would add fields to it that were not observed."""
    result = _without(schema, "default")
    for key in ("items", "additionalProperties"):
        if key in result:
            result[key] = _without_defaults(result[key])
    if "properties" in result:
        result["properties"] = {k: _without_defaults(v) for k, v in result["properties"].items()}
    return result


def _column(name: str, json_path: str, description: str, kind: str = "string") -> Schema:
    return {"name": name, "type": kind, "jsonPath": json_path, "description": description}


COLUMNS = [
    _column("Ready", '.status.conditions[?(@.type=="Ready")].status', "Is the spec fulfilled?"),
    _column("Reason", '.status.conditions[?(@.type=="Ready")].reason', "Why."),
    _column("Versions", ".status.availableVersions", "Versions AVAILABLE on every ready pod."),
    _column("Stable", ".status.models[0].labels.stable", "Version that answers as stable.", "integer"),
    _column("Canary", ".status.models[0].labels.canary", "Version that answers as canary.", "integer"),
    _column("Replicas", ".status.readyReplicas", "Pods that answer requests.", "integer"),
    _column("Age", ".metadata.creationTimestamp", "Time since it was created.", "date"),
]


def _root_schema() -> Schema:
    return {
        "type": "object",
        "description": "A model, or several, served by TensorFlow Serving: a Deployment, Services and the rest.",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": _schema_of(TFModelSpec, "spec"),
            "status": _without_defaults(_schema_of(TFModelStatus, "status")),
        },
        **cel_extension(NAME_RULES),
    }


def _version() -> Schema:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": COLUMNS,
        "schema": {"openAPIV3Schema": _root_schema()},
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector",
            },
        },
    }


def custom_resource_definition() -> Schema:
    """The CRD as a manifest, the same on every call."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": CRD_NAME},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": SINGULAR,
                "shortNames": [SHORT_NAME],
                "categories": ["all"],
            },
            "versions": [_version()],
        },
    }

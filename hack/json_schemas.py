"""hack/json_schemas.py FOLDER OPENAPI [CRD…]: JSON schemas for kubeconform, a file for each kind.

Written as FOLDER/GROUP/KIND_VERSION.json, in lower case; kubeconform calls the core group `v1`. They are strict: a
field that the API does not know is refused, as `kubectl apply --validate=strict` does. Kubernetes' own kinds come from
the OpenAPI v2 document of a release (api/openapi-spec/swagger.json), others from CustomResourceDefinitions.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Schema = dict[str, Any]

REFERENCE = "#/definitions/"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
SUFFIXES_LEFT_OUT = ("List", "Options", "Status", "Review", "APIGroup", "APIVersions", "WatchEvent")
INT_OR_STRING: Schema = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
KEPT = {
    "type", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "required",
    "minProperties", "maxProperties", "$ref",
}  # fmt: skip


def strict(schema: Schema) -> Schema:
    """As JSON Schema: without what only Kubernetes reads, and closed where the API prunes unknown fields."""
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return INT_OR_STRING
    result = {key: value for key, value in schema.items() if key in KEPT}
    if "properties" in schema:
        result["properties"] = {name: strict(inner) for name, inner in schema["properties"].items()}
        result["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            result[key] = strict(schema[key])
    return result


def references(schema: Any) -> Iterator[str]:
    """Names of the definitions that are referred to."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield value.removeprefix(REFERENCE)
            else:
                yield from references(value)
    elif isinstance(schema, list):
        for each in schema:
            yield from references(each)


def closure(name: str, definitions: Schema) -> Schema:
    """The definition and all that it needs, directly or not."""
    found: Schema = {}
    pending = [name]
    while pending:
        each = pending.pop()
        if each not in found:
            found[each] = definitions[each]
            pending += references(found[each])
    return found


def strict_definitions(document: Schema) -> Schema:
    """By name. A quantity is a string in the document, but the API server takes `cpu: 1` too."""
    definitions = {name: strict(schema) for name, schema in document["definitions"].items()}
    return {**definitions, QUANTITY: {"anyOf": [{"type": "number"}, {"type": "string"}]}}


def of_openapi(document: Schema) -> Iterator[tuple[Path, Schema]]:
    """Every kind that can be applied."""
    definitions = strict_definitions(document)
    for name, schema in document["definitions"].items():
        kinds = schema.get("x-kubernetes-group-version-kind", [])
        if len(kinds) == 1 and not kinds[0]["kind"].endswith(SUFFIXES_LEFT_OUT) and "metadata" in schema["properties"]:
            (kind,) = kinds
            whole = {**definitions[name], "required": ["apiVersion", "kind", "metadata"]}
            yield (
                place(kind["group"], kind["kind"], kind["version"]),
                {**whole, "definitions": closure(name, definitions)},
            )


def of_crd(definition: Schema, metadata: Schema) -> Iterator[tuple[Path, Schema]]:
    """Every served version of a CustomResourceDefinition. `metadata` has ObjectMeta and what it needs."""
    spec = definition["spec"]
    for version in spec["versions"]:
        schema = strict(version["schema"]["openAPIV3Schema"])
        properties = {**schema["properties"], "metadata": {"$ref": REFERENCE + METADATA}}
        required = sorted({*schema.get("required", []), "apiVersion", "kind", "metadata"})
        whole = {**schema, "properties": properties, "required": required, "definitions": metadata}
        yield place(spec["group"], spec["names"]["kind"], version["name"]), whole


def place(group: str, kind: str, version: str) -> Path:
    return Path(group or version) / f"{kind.lower()}_{version}.json"


def main() -> None:
    parser = argparse.ArgumentParser(description="JSON schemas for kubeconform.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("openapi", type=Path, help="OpenAPI v2 document of a kube-apiserver")
    parser.add_argument("crds", type=Path, nargs="*", metavar="CRD")
    options = parser.parse_args()
    document = json.loads(options.openapi.read_text())
    metadata = closure(METADATA, strict_definitions(document))
    schemas = list(of_openapi(document))
    for crd in options.crds:
        schemas += of_crd(yaml.safe_load(crd.read_text()), metadata)
    for path, schema in schemas:
        (options.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (options.folder / path).write_text(json.dumps(schema, separators=(",", ":")))


if __name__ == "__main__":
    main()

"""The CRD: each row of the translation, and what holds for every field of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from testing.schema.schema_cases import nodes
from tfs_operator.api.base import ATOMIC_MAP, DEFAULTED, SET_LIST, ApiModel, map_list
from tfs_operator.api.crd import UnsupportedSchema, custom_resource_definition, structural

ROOT = Path(__file__).parents[3]
CRD = custom_resource_definition()
SCHEMA: dict[str, Any] = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
NODES = dict(nodes(SCHEMA))


def translated(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True)
    return structural(schema, schema.get("$defs", {}), "it")


def field(annotation: Any, default: Any = ...) -> dict[str, Any]:
    """The structural schema of one field."""

    class Model(BaseModel):
        __annotations__ = {"it": annotation}
        it = default

    properties: dict[str, dict[str, Any]] = translated(Model)["properties"]
    return properties["it"]


class Inner(ApiModel):
    """What is inside."""

    size: int = 3
    """How large
    it is."""


class TestTranslation:
    def test_a_reference_is_inlined_and_the_field_describes_itself(self) -> None:
        class Outer(ApiModel):
            inner: Inner = Field(default_factory=Inner)
            """What is in the outer."""

        inner = translated(Outer)["properties"]["inner"]
        assert inner == {
            "type": "object",
            "description": "What is in the outer.",
            "properties": {"size": {"type": "integer", "default": 3, "description": "How large it is."}},
        }

    def test_a_default_factory_becomes_a_default_where_it_is_asked_for(self) -> None:
        class Outer(ApiModel):
            inner: Inner = Field(default_factory=Inner, json_schema_extra=DEFAULTED)

        assert translated(Outer)["properties"]["inner"]["default"] == {}

    def test_an_optional_field_is_its_type_without_a_default(self) -> None:
        assert field(int | None, None) == {"type": "integer"}

    def test_an_optional_model_keeps_its_members(self) -> None:
        assert field(Inner | None, None)["properties"]["size"]["type"] == "integer"

    def test_int_or_text_is_int_or_string_with_the_bounds_of_both(self) -> None:
        text = Annotated[str, Field(pattern="^a$", max_length=4)]
        assert field(text | Annotated[int, Field(ge=0)]) == {
            "x-kubernetes-int-or-string": True,
            "pattern": "^a$",
            "maxLength": 4,
            "minimum": 0,
        }

    def test_bounds_are_kept(self) -> None:
        assert field(Annotated[int, Field(ge=1, le=5)]) == {"type": "integer", "minimum": 1, "maximum": 5}

    def test_a_format_is_kept(self) -> None:
        number = Annotated[int, Field(json_schema_extra={"format": "int64"})]
        assert field(number) == {"type": "integer", "format": "int64"}

    def test_a_constant_is_an_enum_of_one(self) -> None:
        assert field(Literal["a"]) == {"type": "string", "enum": ["a"]}

    def test_choices_are_an_enum(self) -> None:
        assert field(Literal["a", "b"]) == {"type": "string", "enum": ["a", "b"]}

    def test_an_object_with_properties_does_not_say_that_there_are_no_others(self) -> None:
        """They are pruned or refused anyway, and the API server refuses a schema with both."""
        assert Inner.model_json_schema()["additionalProperties"] is False
        assert translated(Inner) == {
            "type": "object",
            "description": "What is inside.",
            "properties": {"size": {"type": "integer", "default": 3, "description": "How large it is."}},
        }

    def test_a_map_has_the_schema_of_its_values(self) -> None:
        values = Annotated[dict[str, Annotated[str, Field(max_length=2)]], Field(max_length=3)]
        assert field(values) == {
            "type": "object",
            "maxProperties": 3,
            "additionalProperties": {"type": "string", "maxLength": 2},
        }

    def test_a_list_has_the_schema_of_its_items(self) -> None:
        assert field(Annotated[list[int], Field(min_length=1, max_length=3, json_schema_extra=SET_LIST)]) == {
            "type": "array",
            "minItems": 1,
            "maxItems": 3,
            "items": {"type": "integer"},
            "x-kubernetes-list-type": "set",
        }

    def test_a_list_may_be_told_apart_by_keys(self) -> None:
        assert map_list("a", "b") == {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a", "b"]}

    def test_a_property_of_a_model_is_kept_where_it_is_referred_to(self) -> None:
        class Whole(ApiModel):
            model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)
            size: int = 3

        properties = {"size": {"type": "integer", "default": 3}}
        whole = {"type": "object", "x-kubernetes-map-type": "atomic", "properties": properties}
        assert field(Whole | None, None) == whole
        assert field(list[Whole])["items"] == whole

    def test_required_fields_are_listed_in_order(self) -> None:
        class Model(BaseModel):
            b: int
            a: int
            c: int = 1

        assert translated(Model)["required"] == ["a", "b"]

    def test_titles_are_dropped(self) -> None:
        assert field(Annotated[int, Field(title="T")]) == {"type": "integer"}

    def test_what_is_translated_shares_nothing_with_its_source(self) -> None:
        """Or YAML would write it once and refer to it by an alias."""
        rules = [{"rule": "true"}]
        assert structural({"x-kubernetes-validations": rules}, {}, "it")["x-kubernetes-validations"] is not rules

    @pytest.mark.parametrize(
        ("annotation", "construct"),
        [
            (tuple[int, str], "prefixItems"),
            (int | bool, "union"),
            (int | str | list[int], "union"),
            (Annotated[int, Field(gt=0)], "exclusiveMinimum"),
            (Annotated[int, Field(lt=9)], "exclusiveMaximum"),
            (Annotated[int, Field(multiple_of=2)], "multipleOf"),
            (set[int], "uniqueItems"),
            (Annotated[int, Field(examples=[1])], "examples"),
            (dict[Annotated[str, Field(pattern="^a$")], int], "patternProperties"),
        ],
    )
    def test_what_a_structural_schema_cannot_say_fails_the_generation(self, annotation: Any, construct: str) -> None:
        with pytest.raises(UnsupportedSchema, match=rf"^it\.it: .*{construct}"):
            field(annotation)

    def test_an_unknown_construct_deep_inside_is_named_by_its_path(self) -> None:
        with pytest.raises(UnsupportedSchema, match=r"^it\.it\.\*\[\]: "):
            field(dict[str, list[Annotated[int, Field(gt=0)]]])


def fields() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of spec and status: neither items of lists nor values of maps."""
    return (
        (path, node) for path, node in NODES.items() if path.split(".")[0] in ("spec", "status") and path[-1] != "]"
    )


EMPTY = {"spec.versionPolicy.all", "spec.models[].versionPolicy.all"}
"""Objects without fields, which are bounded by themselves."""

UNBOUNDED_STATUS = {
    # written by the operator alone, out of values that are bounded themselves; no CEL rule reads them
    "status.endpoints.rest",
    "status.endpoints.grpc",
    "status.models[].versions[].labels[]",
    # bounded by its format
    "status.conditions[].lastTransitionTime",
    "status.models[].rollout.since",
    "status.models[].rollout.began",
    "status.models[].rollout.failures[].at",
    "status.models[].rollout.failures[].replacedAt",
    "status.models[].rollout.awaited[].since",
    "status.models[].rollout.trial.since",
    "status.models[].rollout.trial.availableAt",
}


def is_bounded(node: dict[str, Any]) -> bool:
    kind = node.get("type")
    if kind == "string" or "x-kubernetes-int-or-string" in node:
        return "maxLength" in node or "enum" in node
    if kind == "array":
        return "maxItems" in node
    if kind == "object":
        return "maxProperties" in node or bool(node.get("properties"))
    return True


def unbounded(part: str) -> set[str]:
    """Paths in the spec or the status whose values may have any size."""
    return {path for path, node in NODES.items() if path.split(".")[0] == part and not is_bounded(node)}


class TestEveryField:
    def test_has_a_description(self) -> None:
        silent = [path for path, node in fields() if not node.get("description") and not path.endswith("*")]
        assert silent == []

    def test_is_described_in_one_line(self) -> None:
        assert [path for path, node in NODES.items() if "\n" in node.get("description", "")] == []

    def test_of_the_spec_is_bounded(self) -> None:
        assert unbounded("spec") == EMPTY

    def test_of_the_status_is_bounded_but_for_those_with_a_reason(self) -> None:
        assert unbounded("status") == UNBOUNDED_STATUS

    def test_is_known_so_that_a_typo_is_refused_and_nothing_nests_deeper_than_the_types(self) -> None:
        assert [path for path, node in NODES.items() if "x-kubernetes-preserve-unknown-fields" in node] == []

    def test_has_a_type(self) -> None:
        """A structural schema needs one everywhere."""
        untyped = [path for path, node in NODES.items() if not {"type", "x-kubernetes-int-or-string"} & node.keys()]
        assert untyped == []

    def test_of_the_status_has_no_default(self) -> None:
        assert [path for path, node in NODES.items() if path.startswith("status") and "default" in node] == []

    def test_that_is_a_list_says_how_it_merges(self) -> None:
        lists = {path: node for path, node in NODES.items() if node.get("type") == "array"}
        assert [path for path, node in lists.items() if "x-kubernetes-list-type" not in node] == []


class TestDefinition:
    def test_its_names(self) -> None:
        assert CRD["metadata"]["name"] == "tfmodels.tfs-operator.io"
        assert CRD["spec"]["names"] == {
            "kind": "TFModel",
            "listKind": "TFModelList",
            "plural": "tfmodels",
            "singular": "tfmodel",
            "shortNames": ["tfm"],
            "categories": ["all"],
        }

    def test_its_columns(self) -> None:
        columns = CRD["spec"]["versions"][0]["additionalPrinterColumns"]
        names = [column["name"].upper() for column in columns]
        assert names == ["READY", "REASON", "VERSIONS", "STABLE", "CANARY", "REPLICAS", "AGE"]

    def test_its_subresources(self) -> None:
        subresources = CRD["spec"]["versions"][0]["subresources"]
        assert subresources["status"] == {}
        assert subresources["scale"]["specReplicasPath"] == ".spec.replicas"
        for path in subresources["scale"].values():
            assert path.removeprefix(".") in NODES

    def test_its_rules_are_messages_of_one_line(self) -> None:
        rules = [rule for node in NODES.values() for rule in node.get("x-kubernetes-validations", [])]
        assert rules
        assert [rule for rule in rules if not rule["message"] or "\n" in rule["message"] + rule["rule"]] == []

    def test_it_is_the_same_on_every_call(self) -> None:
        assert yaml.safe_dump(custom_resource_definition()) == yaml.safe_dump(CRD)

    def test_the_checked_in_file_is_what_is_generated(self) -> None:
        checked_in = yaml.safe_load((ROOT / "crds/tfs-operator.io_tfmodels.yaml").read_text())
        assert checked_in == CRD, "run make generate"

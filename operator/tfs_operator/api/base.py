"""What every part of the spec and the status has in common."""

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from tfs_operator.api.rules import Rule, cel_extension, enforce

MAX_INT64 = 2**63 - 1
MAX_INT32 = 2**31 - 1


class ApiModel(BaseModel):
    """A frozen part of the API: snake_case here, camelCase on the wire, unknown fields refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
    )

    rules: ClassVar[tuple[Rule, ...]] = ()
    """Rules over several fields of this object; those over one field stand at the field's type."""

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:
        """As the API server does: a field that is null is one that was left out."""
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data

    @model_validator(mode="after")
    def _keep_rules(self) -> Self:
        enforce(self.rules, self)
        return self

    def as_written(self) -> dict[str, Any]:
        """Returns the fields that are set, as they are written in a manifest."""
        return self.model_dump(by_alias=True, exclude_none=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core_schema))
        if cls.rules:
            schema.update(cel_extension(cls.rules))
        return schema


def map_list(*keys: str) -> dict[str, Any]:
    """A list whose items are told apart by `keys`; the API server refuses duplicates."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


ATOMIC_LIST: dict[str, Any] = {"x-kubernetes-list-type": "atomic"}
SET_LIST: dict[str, Any] = {"x-kubernetes-list-type": "set"}
ATOMIC_MAP: dict[str, Any] = {"x-kubernetes-map-type": "atomic"}
DEFAULTED: dict[str, Any] = {"default": {}}
"""Without it the API server would not fill in the defaults of an object that the user leaves out."""

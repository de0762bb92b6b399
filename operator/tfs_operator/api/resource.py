"""The TFModel object as a whole."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from tfs_operator.api.identity import API_VERSION, KIND
from tfs_operator.api.rules import Rule, enforce
from tfs_operator.api.spec import TFModelSpec

MAX_NAME_LENGTH = 52
"""Leaves room, within a Service name's 63 characters, for the suffixes of children's names."""

NAME_RULE = Rule(
    f"self.metadata.name.size() <= {MAX_NAME_LENGTH} && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    lambda name: len(name) <= MAX_NAME_LENGTH and _is_service_name(name),
    f"metadata.name names the Service too: at most {MAX_NAME_LENGTH} characters, lower-case letters, digits"
    " and '-', beginning with a letter",
)


def _is_service_name(name: str) -> bool:
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789-")
    return name[:1].isalpha() and set(name) <= allowed and not name.endswith("-")


class InvalidTFModel(ValueError):
    """The object is not a valid TFModel. `problems` has one line a problem: the field's path and what is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Metadata(BaseModel):
    """The few parts of the metadata that rendering depends on; the others are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Annotated[str, Field(min_length=1)]
    namespace: str = "default"
    uid: str = ""
    generation: int = 0


class TFModel(BaseModel):
    """A parsed TFModel. Its status stays raw: it is only ever compared and written."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    api_version: Annotated[Literal["tfs-operator.io/v1alpha1"], Field(alias="apiVersion")] = API_VERSION
    kind: Literal["TFModel"] = KIND
    metadata: Metadata
    spec: TFModelSpec

    @classmethod
    def parse(cls, manifest: dict[str, Any]) -> Self:
        """Raises InvalidTFModel, which names every field that is wrong."""
        try:
            parsed = cls.model_validate(manifest, by_alias=True, by_name=False)
            enforce((NAME_RULE,), parsed.metadata.name)
        except ValidationError as error:
            raise InvalidTFModel([_problem(detail) for detail in error.errors()]) from None
        except ValueError as error:
            raise InvalidTFModel([f"metadata.name: {error}"]) from None
        return parsed


def _problem(detail: ErrorDetails) -> str:
    path = ".".join(str(part) for part in detail["loc"])
    return f"{path or 'TFModel'}: {detail['msg']}"

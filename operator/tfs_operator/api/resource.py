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

HEADLESS_SUFFIX = "-headless"
RESERVED_NAME_RULE = Rule(
    f"!self.metadata.name.endsWith('{HEADLESS_SUFFIX}')",
    lambda name: not name.endswith(HEADLESS_SUFFIX),
    f"metadata.name must not end in {HEADLESS_SUFFIX}: NAME{HEADLESS_SUFFIX} is the headless Service of the TFModel"
    " NAME, which would find its name taken. Choose another name",
    only_new=True,
)
"""A TFModel that has such a name already keeps its Service, by whose name its clients call it."""

NAME_RULES = (NAME_RULE, RESERVED_NAME_RULE)


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
            enforce(_name_rules(parsed.metadata), parsed.metadata.name)
        except ValidationError as error:
            raise InvalidTFModel([_problem(detail) for detail in error.errors()]) from None
        except ValueError as error:
            raise InvalidTFModel([f"metadata.name: {error}"]) from None
        return parsed


def _name_rules(metadata: Metadata) -> tuple[Rule, ...]:
    """Returns those that the name has to keep. An object with a uid is stored: the API server has admitted its name."""
    return tuple(rule for rule in NAME_RULES if not (rule.only_new and metadata.uid))


def _problem(detail: ErrorDetails) -> str:
    path = ".".join(str(part) for part in detail["loc"])
    return f"{path or 'TFModel'}: {detail['msg']}"

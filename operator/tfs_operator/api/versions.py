"""Which versions of one model are served, and under which labels."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from tfs_operator.api.base import MAX_INT32, MAX_INT64, SET_LIST, ApiModel
from tfs_operator.api.rules import Rule, each_key, given, lacks, matches, ruled
from tfs_operator.api.schemes import place_message, place_pattern, scheme_message, scheme_pattern

_SCHEME = matches(scheme_pattern(), scheme_message())
_PLACE = matches(place_pattern(), place_message())
ModelUri = Annotated[
    str,
    Field(min_length=1, max_length=1024),
    *ruled(
        _SCHEME,
        given(_SCHEME, _PLACE),
        lacks("/[.]{1,2}(/|$)", "must not have '.' or '..' as a part of its path"),
        lacks("[^:/]//", "must have single slashes between the parts of its path"),
        matches("^[A-Za-z0-9:/._@+=~-]*$", "may have letters, digits and . _ @ + = ~ - in its path"),
    ),
]


def _fits_int64(version: int) -> int:
    """The schema's format says it to the API server: a maximum of 2^63-1 would be read as a float and overflow."""
    if version > MAX_INT64:
        raise PydanticCustomError("int64", "is above int64, TensorFlow Serving's type for versions")
    return version


VersionNumber = Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"}), AfterValidator(_fits_int64)]
VersionLabels = Annotated[
    dict[str, VersionNumber],
    Field(max_length=32, min_length=1),
    *ruled(
        each_key(
            "^[A-Za-z0-9_.-]{1,63}$",
            "a label has 1 to 63 characters: letters, digits, '_', '-' and '.'",
        )
    ),
]


def distinct(items: list[Any]) -> list[Any]:
    """The Python half of `x-kubernetes-list-type: set`."""
    if len(set(items)) != len(items):
        raise PydanticCustomError("distinct", "has the same item twice")
    return items


class AllVersions(ApiModel):
    """Every version found below the base path. It has no settings: write `all: {}`."""


class VersionPolicy(ApiModel):
    """How versions are picked of those that are there. Set exactly one of `latest` and `all`."""

    latest: Annotated[int, Field(ge=1, le=MAX_INT32, json_schema_extra={"format": "int32"})] | None = None
    """Serve the N versions with the highest numbers. A new version folder is served once it appears."""

    all: AllVersions | None = None
    """Serve every version below the base path: `all: {}`. Needs memory for all of them at once."""

    rules = (
        Rule(
            "has(self.latest) != has(self.all)",
            lambda policy: (policy.latest is None) != (policy.all is None),
            "set exactly one of latest and all, for example latest: 2 or all: {}",
        ),
    )


class VersionSelection(ApiModel):
    """The versions of one model that are served, and their labels.

    With `versions`, exactly these; else with `versionPolicy`, what it picks; else, with `versionLabels`, exactly
    the labelled versions; else the newest version.
    """

    versions: (
        Annotated[
            list[VersionNumber],
            Field(min_length=1, max_length=64, json_schema_extra=SET_LIST),
            AfterValidator(distinct),
        ]
        | None
    ) = None
    """Serve exactly these versions: the names of the version folders below the base path, as numbers."""

    version_policy: VersionPolicy | None = None
    """Let the versions be picked of those that are there, by `latest: N` or `all: {}`. A version that appears is tried
    first, as one that is named. Not together with `versions`."""

    version_labels: VersionLabels | None = None
    """Names for versions, such as `{stable: 1, canary: 2}`. A client that asks for
    `/v1/models/NAME/labels/stable` is answered by that version; moving a label here moves the clients, with no
    restart. Without `versions` and `versionPolicy` exactly the labelled versions are served."""


def _not_both(selection: VersionSelection) -> bool:
    return selection.versions is None or selection.version_policy is None


def _labels_are_served(selection: VersionSelection) -> bool:
    if selection.versions is None or selection.version_labels is None:
        return True
    return set(selection.version_labels.values()) <= set(selection.versions)


SELECTION_RULES = (
    Rule(
        "!(has(self.versions) && has(self.versionPolicy))",
        _not_both,
        "versions and versionPolicy exclude each other: list the versions, or let the policy pick them",
    ),
    Rule(
        "!has(self.versions) || !has(self.versionLabels) || "
        "self.versionLabels.all(label, self.versionLabels[label] in self.versions)",
        _labels_are_served,
        "every version in versionLabels must be one of versions: add the version, or move the label",
    ),
)

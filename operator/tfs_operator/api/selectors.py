"""Label selectors, as in Kubernetes 1.35. What it checks beyond types and bounds, such as the characters of a key, it
checks when a child with the selector is applied.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from tfs_operator.api.base import ATOMIC_LIST, ATOMIC_MAP, ApiModel

LabelKey = Annotated[str, Field(min_length=1, max_length=317)]
"""A prefix of 253 characters, a slash and a name of 63."""

LabelValue = Annotated[str, Field(max_length=63)]
LabelKeys = Annotated[list[LabelKey], Field(max_length=32, json_schema_extra=ATOMIC_LIST)]


class LabelSelectorRequirement(ApiModel):
    """A condition on one label."""

    key: LabelKey
    """Key of the label."""

    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the label relates to `values`."""

    values: Annotated[list[LabelValue], Field(max_length=256, json_schema_extra=ATOMIC_LIST)] | None = None
    """At least one for In and NotIn, none for Exists and DoesNotExist."""


class LabelSelector(ApiModel):
    """Selects objects by their labels. `{}` selects all."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)

    match_labels: Annotated[dict[str, LabelValue], Field(max_length=64)] | None = None
    """Labels that an object must have."""

    match_expressions: (
        Annotated[list[LabelSelectorRequirement], Field(max_length=32, json_schema_extra=ATOMIC_LIST)] | None
    ) = None
    """Conditions that must all hold, besides `matchLabels`."""

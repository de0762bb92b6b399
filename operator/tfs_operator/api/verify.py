"""What a new version has to show before it counts."""

from typing import Annotated

from pydantic import AfterValidator, Field

from tfs_operator.api.base import ApiModel, map_list
from tfs_operator.api.references import DataKey, ModelName, ObjectName
from tfs_operator.api.rules import matches, ruled
from tfs_operator.api.versions import distinct

MAX_STORED_LENGTH = 1024 * 1024
"""A ConfigMap holds no more."""

_BEGINS = "^[ \\t\\r\\n]*[{]"
_OBJECT = matches(_BEGINS, 'must be a JSON object in text, as clients send it: {"instances": ...} or {"inputs": ...}')
_ANSWER = matches(_BEGINS, 'must be a whole answer in text, a JSON object: {"predictions": ...} or {"outputs": ...}')
RequestName = Annotated[str, Field(min_length=1, max_length=63, pattern="^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$")]


class VerifyRequest(ApiModel):
    """A request that the version has to answer with a prediction."""

    name: RequestName
    """Name of the request; messages have it."""

    model: ModelName | None = None
    """Name of the model that is asked. Required with `models`."""

    body: Annotated[str, Field(min_length=2, max_length=65536), *ruled(_OBJECT)]
    """Body of a POST to `:predict`, as clients send it: JSON text with `instances` or `inputs`, and with
    `signature_name` where the signature is not `serving_default`. Longer ones belong in `configMap`."""

    finite: bool = True
    """The answer may have no NaN and no infinite number."""

    equals: Annotated[str, Field(min_length=2, max_length=65536), *ruled(_ANSWER)] | None = None
    """The answer has to be this one: JSON text with `predictions` or `outputs`. Numbers may differ by `tolerance`."""

    tolerance: Annotated[float, Field(ge=0, le=1e6)] | None = None
    """How far each number may be from that in `equals`; without `equals`, from what the version answers over which the
    new one is labelled. For numbers beyond 1 it is a share of them: 0.01 is 1%. Default: 0 with `equals`; without it,
    nothing is compared."""


class StoredRequest(VerifyRequest):
    """A request in a ConfigMap, which may be longer."""

    body: Annotated[str, Field(min_length=2, max_length=MAX_STORED_LENGTH), *ruled(_OBJECT)]
    equals: Annotated[str, Field(min_length=2, max_length=MAX_STORED_LENGTH), *ruled(_ANSWER)] | None = None


class RequestsConfigMap(ApiModel):
    """A key of a ConfigMap in the TFModel's namespace."""

    name: ObjectName
    """Name of the ConfigMap."""

    key: DataKey = "requests.json"
    """Key that holds the requests: a JSON list of objects with the fields of `requests`. There, `body` and `equals` may
    be objects too."""


def _distinct_names(requests: list[VerifyRequest]) -> list[VerifyRequest]:
    distinct([each.name for each in requests])
    return requests


class Verify(ApiModel):
    """What a version that is new to the pods has to show, on one of them, before the others load it and labels move to
    it. A version that fails is withdrawn with reason VersionFailed, and labels stay where they are."""

    made_up: bool = True
    """Ask for a prediction on made-up inputs: a batch of one, of zeros and empty strings, in the shapes of the
    signature `serving_default`, or of all signatures where there is none of this name. A version fails by errors for
    which no input can be blamed, such as missing operations, variables or tables; a refusal of the inputs proves
    nothing. Signatures with `train`, `save`, `restore` and the like in their names are not asked."""

    allow_signature_change: bool = False
    """Let labels move to a version that clients of the present one cannot use: that lacks an input, an output or a
    signature, has another type or rank, or needs a further input. Back to a lower version is always allowed."""

    requests: (
        Annotated[
            list[VerifyRequest],
            Field(max_length=16, json_schema_extra=map_list("name")),
            AfterValidator(_distinct_names),
        ]
        | None
    ) = None
    """Requests of your own. Each has to be answered with a prediction within 30 s, and as it says."""

    config_map: RequestsConfigMap | None = None
    """ConfigMap with more of them, up to 64. While it is missing or cannot be read, new versions wait, and Ready has
    the reason VerifyNotReadable once one does."""

    @property
    def insists(self) -> bool:
        """Whether the spec has requests of its own: a version counts only once they were judged."""
        return bool(self.requests) or self.config_map is not None

    @property
    def asks(self) -> bool:
        """Whether a new version is asked anything at all."""
        return self.made_up or self.insists or not self.allow_signature_change

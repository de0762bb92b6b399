"""What the operator and the fetcher of a pod tell each other: orders one way, reports the other, as JSON over HTTP.

The fetcher brings versions of models from a store to the folder that the model server reads. It gets an
order of versions to hold, and reports the progress of each. The same order is sent again and again; it is a state.

Both sides check what they read: whatever else may listen at a pod's address, a number is one, and a text is short.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from tfs_operator.api.base import MAX_INT64
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.foreign_text import one_line

FETCHER_PORT = 8502
ORDER_PATH = "/v1/fetch"
CHANGES_PATH = "/v1/fetch/changes"
CHANGES_SECONDS = 25.0
"""For so long a request for changes is kept waiting."""
READY_PATH = "/ready"
IN_STEP_PATH = "/in-step"
HEALTH_PATH = "/healthz"

MOST_REPORTED, MOST_LISTED = 1000, 10_000
"""Versions of one model: so many of the newest are reported, with those that are ordered by name at most four times as
many; and so many are named as those in the store."""

_LONGEST_TEXT, _LONGEST_MARK = 2000, 64
_MOST_MODELS = 64

Number = Annotated[int, Field(strict=True, ge=0, le=MAX_INT64)]
"""A version, or a number of bytes."""

Text = Annotated[str, AfterValidator(lambda text: one_line(text, _LONGEST_TEXT))]
"""For users."""

Mark = Annotated[str, AfterValidator(lambda text: one_line(text, _LONGEST_MARK))]
"""To be compared."""


class _Wire(BaseModel):
    """camelCase on the wire. Unknown fields are left out, since the two sides may be of different releases."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True, extra="ignore", frozen=True
    )


class VersionSet(_Wire):
    """Versions by name, and by what a policy picks of those in the store: the union of the three."""

    versions: tuple[Number, ...] = ()
    """Exactly these, in ascending order."""

    latest: Number = 0
    """The so many highest numbers in the store; 0: none."""

    all: bool = False
    """Everything in the store."""

    @property
    def discovers(self) -> bool:
        """Whether the store has to be looked at again and again."""
        return self.all or self.latest > 0


class ModelOrder(_Wire):
    """One model of a pod."""

    start: VersionSet = VersionSet()
    """What the model server starts with: it is not started before these are there."""

    hold: VersionSet = VersionSet()
    """What is to be there besides. Other versions go once the model server has unloaded them."""

    unfit: tuple[Number, ...] = ()
    """Versions that were given up after they had come, in ascending order: the server could not load them, or they
    cannot predict. The store is looked at for other content of them, which replaces what is there."""

    @property
    def named(self) -> frozenset[int]:
        """The versions that are ordered by their numbers."""
        return frozenset({*self.start.versions, *self.hold.versions})


class ExpectedModel(_Wire):
    """One model as it is committed: what a model server starts with, and should serve."""

    name: str
    base_path: str
    serve: VersionSet
    """Either by name or by a policy."""

    labels: dict[str, Number] = Field(default_factory=dict)


class FetchOrder(_Wire):
    """What one pod is to hold, by the name of the model. A model that is not named stays as it is."""

    models: dict[str, ModelOrder] = Field(default_factory=dict)
    expect: tuple[ExpectedModel, ...] = ()
    """What is committed, of all models of the server; empty from an operator of an older release."""

    alone: bool = False
    """No pod of the TFModel is ready: a pod takes traffic with what it can serve, whatever is still being loaded."""
    poll_interval_seconds: Annotated[float, Field(gt=0, le=86400)] = 60.0
    """How often the store is looked at where an order discovers versions."""


class ModelSource(_Wire):
    """Where one model comes from and goes to; fixed for the life of a pod."""

    name: str
    uri: str
    base_path: str
    """Folder that the model server reads, below the mount of the fetched models."""

    store: str = ""
    """Address of the store, where the volume is shared and it is not that of the scheme: what was fetched from another
    one is no version of this model."""


class LocalFolder(_Wire):
    """The base path of one model on a volume of the pod, a claim or a host path: the agent looks at it, and fetches
    nothing to it. Fixed for the life of a pod."""

    name: str
    uri: str
    """As in the spec, for messages: `pvc://CLAIM/path`."""

    base_path: str


class FetchPlan(_Wire):
    """`fetch.json` in the ConfigMap: what an agent starts with. `local` stands apart from `sources`, since an agent of
    an older release fetches whatever is in `sources`."""

    sources: tuple[ModelSource, ...] = ()
    local: tuple[LocalFolder, ...] = ()
    order: FetchOrder = FetchOrder()


class FetchState(StrEnum):
    """Where one version stands on one pod."""

    WAITING = "Waiting"
    """Not begun, or between two attempts."""

    FETCHING = "Fetching"
    """Bytes arrive in a folder that the model server does not see."""

    FETCHED = "Fetched"
    """Whole, checked and in place."""

    FAILED = "Failed"
    """The last attempt failed, and `problem` says why; it is tried again with back-off."""


class FetchProblem(_Wire):
    """Why something is not there, for a condition. The message names the URI, the version and the cause."""

    reason: Reason
    message: Text


class VersionReport(_Wire):
    """One version on one pod."""

    version: Number
    state: FetchState
    bytes: Number = 0
    """Arrived so far."""

    total_bytes: Number = 0
    """Of the whole version; 0 while unknown."""

    bytes_per_second: Number = 0
    """Of the running attempt; 0 when none runs."""

    problem: FetchProblem | None = None

    content: Mark = ""
    """Identifies what is in place: other content has another one. Empty where that is not known."""


class ModelReport(_Wire):
    """One model on one pod: every version that is ordered or present, in ascending order; of very many the newest, and
    those that are ordered by name."""

    uri: Text
    versions: Annotated[tuple[VersionReport, ...], Field(max_length=4 * MOST_REPORTED)] = ()
    problem: FetchProblem | None = None
    """What keeps the fetcher from seeing what is in the store, if something does; a listing cleared it else. Of a local
    folder: what is wrong with the folder itself."""

    local: bool = False
    """The base path is a local folder, to which nothing is fetched."""

    readable: bool = True
    """False where a local base path is not there, or cannot be listed. Then a model server finds no new version of any
    of its models (tensorflow_serving/sources/storage_path/file_system_storage_path_source.cc, PollFileSystemForConfig
    gives up at the first error)."""

    listed: Annotated[tuple[Number, ...], Field(max_length=2 * MOST_LISTED)] | None = None
    """The versions that are whole by the last look at the store or at the folder, in ascending order, of very many the
    newest; None while that is not known, as before the first look and while the store or the volume does not answer."""

    def version(self, number: int) -> VersionReport | None:
        return next((report for report in self.versions if report.version == number), None)


class FetchReport(_Wire):
    """The answer to an order, and to a GET."""

    models: dict[str, ModelReport] = Field(default_factory=dict, max_length=_MOST_MODELS)
    ready: bool = False
    """Every version that the model server starts with is there."""

    lag: Text = ""
    """What keeps a model server that serves from being in step with what is committed, for users; empty where nothing
    does, or where it does not serve."""

    revision: Mark = ""
    """Changes with anything above, but for bytes; empty from an agent of an older release."""

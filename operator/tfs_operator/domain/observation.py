"""Defines what the pods answer. Every decision after the first apply is computed from these values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from tfs_operator.domain.fetch_protocol import ModelReport
from tfs_operator.domain.foreign_text import one_line
from tfs_operator.domain.verification import Answered

AVAILABLE = "AVAILABLE"
END = "END"
STATE_ORDER = ("END", "UNKNOWN", "START", "LOADING", "UNLOADING", "AVAILABLE")
"""From the furthest behind to the furthest ahead, for saying one state for many pods."""

_LONGEST = 4096


@dataclass(frozen=True)
class VersionStatus:
    """One version on one pod. Source: tensorflow_serving/apis/get_model_status.proto."""

    version: int
    state: str
    error_code: str = "OK"
    error_message: str = ""

    @property
    def failed(self) -> bool:
        return self.error_code not in ("OK", "")


@dataclass(frozen=True)
class ModelObservation:
    """One model on one pod. `labels` has the version that answers each label; an unanswered label is absent."""

    versions: tuple[VersionStatus, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)

    def version(self, number: int) -> VersionStatus | None:
        return next((status for status in self.versions if status.version == number), None)

    @property
    def available(self) -> frozenset[int]:
        return frozenset(status.version for status in self.versions if status.state == AVAILABLE)


@dataclass(frozen=True)
class Problem:
    """Something that keeps a pod or a child from its desired state. `reason` is a condition's reason; `message` is put
    on one line, since a part of it may be what a kubelet, a container or an API server wrote."""

    reason: str
    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", one_line(self.message, _LONGEST))


@dataclass(frozen=True)
class PodObservation:
    """One pod. `models` is empty when the pod was not asked or did not answer; `problem` then says why, and of a pod
    that is not ready also what keeps it from being so."""

    name: str
    ready: bool
    models: Mapping[str, ModelObservation] = field(default_factory=dict)
    problem: Problem | None = None
    stale: bool = False
    """The pod was queried and is slow to answer; `models` is its last answer."""

    fetches: Mapping[str, ModelReport] = field(default_factory=dict)
    """What the pod's fetcher reports, by model; empty where it was not asked or did not answer."""

    heard_for: float = math.inf
    """For how many seconds the pod has had its configuration; 0 while it is too busy to take it."""

    probed: Mapping[str, Mapping[int, Answered]] = field(default_factory=dict)
    """What AVAILABLE versions of this server's process have answered, by model and version."""

    unreported: str = ""
    """Why the pod's fetcher, if it has one that was asked, did not answer."""

    lag: str = ""
    """What keeps the pod's server from being in step with what is committed, by its agent; empty where nothing does."""

    answered_unready: bool = False
    """The pod is not ready, and its server has answered all the same: `models` is what it answered."""

    lacks: frozenset[str] = frozenset()
    """Models of the spec that the pod does not run, since it was made for another set of models."""

    @property
    def answered(self) -> bool:
        """Whether the pod is ready and has answered in time."""
        return self.ready and self.problem is None and not self.stale

    def without(self, lacks: frozenset[str]) -> Self:
        """Returns it for a pod that does not run these models of the spec. It may run others of the same names, so
        `models` keeps all answers."""
        if not lacks:
            return self
        fetches = {name: report for name, report in self.fetches.items() if name not in lacks}
        return replace(self, lacks=lacks, fetches=fetches)

    def named(self, name: str) -> ModelObservation:
        """Returns what clients of the pod get under the name, whether it is the spec's model or another one."""
        return self.models.get(name, ModelObservation())

    def model(self, name: str) -> ModelObservation:
        """Returns the answer about a model of the spec; an empty one where there is none."""
        return ModelObservation() if name in self.lacks else self.named(name)

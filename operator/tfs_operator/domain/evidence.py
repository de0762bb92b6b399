"""What the conditions of a TFModel are computed from, and what they are computed to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tfs_operator.api.conditions import Reason
from tfs_operator.api.status import FetchStatus
from tfs_operator.domain.autoscaler import AutoscalerFacts
from tfs_operator.domain.deployment import DeploymentFacts
from tfs_operator.domain.foreign_text import one_line
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.domain.observation import PodObservation, Problem
from tfs_operator.domain.recycle import RecycleFacts, ServerLoad
from tfs_operator.domain.rollout import Step
from tfs_operator.domain.surge import Surge

_MESSAGE_LIMIT = 4096


@dataclass(frozen=True)
class Evidence:
    """All that the conditions are computed from. `blocked` is a problem that kept a child from being applied; `steps`
    has where each model's rollout stands at `now`, in seconds since the epoch."""

    aspired: ModelServerConfig
    replicas: int
    deployment: DeploymentFacts = field(default_factory=DeploymentFacts)
    pods: tuple[PodObservation, ...] = ()
    outside: tuple[PodObservation, ...] = ()
    """Those on which versions are tried, which are none of the replicas."""

    blocked: Problem | None = None
    reload_problem: Problem | None = None
    steps: Mapping[str, Step] = field(default_factory=dict)
    now: float = 0.0
    remote: frozenset[str] = frozenset()
    """Models that are fetched from a store."""

    fetching: Mapping[str, Sequence[FetchStatus]] = field(default_factory=dict)
    """By model, versions that some pod does not hold yet, with figures as the status shows them."""

    surge: Surge = field(default_factory=Surge)
    autoscaler: AutoscalerFacts | None = None
    """None where the spec sets the number of replicas."""

    recycle: RecycleFacts | None = None
    """None without `server.recycle`."""

    loads: Sequence[ServerLoad] = ()

    verify_problems: Mapping[str, str] = field(default_factory=dict)
    """By model, why the requests of rollout.verify cannot be used."""

    lost: str = ""
    """Why the pod died whose replacement is not ready yet; empty where none is awaited."""

    @property
    def ready_pods(self) -> tuple[PodObservation, ...]:
        return tuple(pod for pod in self.pods if pod.ready)

    @property
    def unready_pods(self) -> tuple[PodObservation, ...]:
        """Those that are not ready, and answer all the same."""
        return tuple(pod for pod in self.pods if pod.answered_unready)

    @property
    def judged_pods(self) -> tuple[PodObservation, ...]:
        """Those by which versions and labels are judged: the ready ones, or, without any, the others that answer."""
        return self.ready_pods or self.unready_pods


@dataclass(frozen=True)
class Verdict:
    """A condition without its times. `since`: for how long it has been waited, which is no news of its own."""

    status: str
    reason: Reason
    message: str
    since: str = ""

    @property
    def words(self) -> str:
        """As a condition has them: on one line, since a part of them may be what others wrote."""
        return "; ".join(filter(None, (one_line(self.message, _MESSAGE_LIMIT), self.since)))


Check = Callable[[Evidence], Verdict | None]
"""One thing that a condition may have to say; None when it has nothing to say."""


def first(checks: Sequence[Check], evidence: Evidence) -> Verdict:
    """What the first check has to say that says anything; the last one always does."""
    return next(verdict for check in checks if (verdict := check(evidence)) is not None)

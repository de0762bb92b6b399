"""Defines what a rollout is decided from, and what is decided. Times are seconds since the epoch, from the caller."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tfs_operator.domain.backoff import delay
from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.observation import ModelObservation
from tfs_operator.domain.pods import Death
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.verification import Probed


@dataclass(frozen=True)
class Pod:
    """A pod that answered. `ready_at` is the time of its Ready condition's last transition."""

    name: str
    observed: ModelObservation
    ready_at: float = 0.0
    arriving: Mapping[int, str] = field(default_factory=dict)
    """Versions that are on their way to the pod from the store, in words."""

    unfetchable: Mapping[int, str] = field(default_factory=dict)
    """Versions that the store does not have, or not as a whole model, in words. It may have them later."""

    fetched: frozenset[int] = frozenset()
    """Versions that the pod's fetcher holds."""

    contents: Mapping[int, str] = field(default_factory=dict)
    """What identifies the files of each, as far as the pod's agent knows."""

    listed: frozenset[int] | None = None
    """Versions that the pod's agent sees as whole in the store or in the folder; None where it does not know, as of
    models in the image."""

    heard_for: float = math.inf
    """For how many seconds the server has known its configuration; 0: it was too busy to take it."""

    restarts: int = 0
    """How often the container of the server that answered had been restarted."""

    ready: bool = True
    """What Kubernetes says. Pods that are not ready are in a fleet only while none is."""

    probed: Mapping[int, Probed] = field(default_factory=dict)
    """What came of asking this process for a prediction, by version; only of those that `Step.probes` named."""

    extra: bool = False
    """It is outside the Service, there for versions to be tried on it."""

    nowhere: frozenset[int] = frozenset()
    """Versions that the pod's agent looks for in vain."""

    @property
    def available(self) -> frozenset[int]:
        return self.observed.available

    @property
    def loading(self) -> frozenset[int]:
        """On the way to AVAILABLE."""
        return frozenset(status.version for status in self.observed.versions if status.state in ("START", "LOADING"))


@dataclass(frozen=True)
class ExtraPods:
    """The pods outside the Service that versions are tried on (`rollout.extraPod`), whether they answer or not."""

    names: frozenset[str] = frozenset()
    problem: str = ""
    """What keeps one from coming up, in words; empty where nothing is known."""


@dataclass(frozen=True)
class Fleet:
    """The pods that run the model, from the spec's base path; they may be of another set of models."""

    pods: tuple[Pod, ...] = ()
    silent: int = 0
    """Ready pods that did not answer; the others go on without them."""

    crash_looping: bool = False
    """No pod is ready, and each has ended with an error, or waits for what the store does not have: the committed
    configuration does not work."""

    living: frozenset[str] = frozenset()
    """The names of all pods that are not being deleted, whether they answer or not."""

    deaths: Mapping[str, Death] = field(default_factory=dict)
    """By pod; also where another process runs by now."""

    extra: ExtraPods = field(default_factory=ExtraPods)

    def has(self, name: str) -> bool:
        """Tells whether the pod exists."""
        return name in self.living or any(pod.name == name for pod in self.pods)


@dataclass(frozen=True)
class Limits:
    """Seconds. `settle` is what a server needs to notice a new configuration: its file-system poll, and a little."""

    load_timeout: float = 600.0
    bake: float = 0.0
    settle: float = 3.0
    back_off: float = 60.0
    back_off_limit: float = 3600.0
    absent: float = 8.0
    """How long a server may take to find a version's folder; its poll takes a second."""

    trial: float = 0.0
    """For how long a new version is AVAILABLE on one pod before the others get it; 0: all get it at once."""

    asks: bool = False
    """A new version has to answer a request before labels may move to it."""

    answer: float = 60.0
    """How long the answer is waited for."""

    extra: float | None = None
    """How long a pod outside the Service is waited for that something keeps from coming up. None: versions are tried on
    a pod that clients use."""


class Cause(StrEnum):
    """Why a version was given up."""

    LOAD = "Load"
    """It was not loaded, or not in time."""

    DEATH = "Death"
    """A server ended while it loaded it."""

    ANSWER = "Answer"
    """It was loaded, and cannot answer."""


_PATIENCE_AFTER_DEATH = 10
"""A version that has ended a server costs a restart each time that it is tried."""


@dataclass(frozen=True)
class Failure:
    """A version that was given up at `at`, for the `attempts`-th time.

    A server tries a failed version again only once it was dropped and has come back, and lists the old error until
    then. So after the back-off it is dropped for `settle` seconds, and for as long again its error is an old one.
    """

    version: int
    message: str
    at: float
    attempts: int = 1
    cause: Cause = Cause.LOAD
    content: str = ""
    """Identifies the files that failed, where they are known."""

    replaced_at: float | None = None
    """When other files had come in their place on every pod; the back-off ended then."""

    def drop_at(self, limits: Limits) -> float:
        if self.replaced_at is not None:
            return self.replaced_at
        times = _PATIENCE_AFTER_DEATH if self.cause is Cause.DEATH else 1
        return self.at + times * delay(max(self.attempts, 1), limits.back_off, limits.back_off_limit)

    def retry_at(self, limits: Limits) -> float:
        return self.drop_at(limits) + limits.settle

    def counts_again_at(self, limits: Limits) -> float:
        return self.retry_at(limits) + limits.settle


@dataclass(frozen=True)
class LoadOrder:
    """A pod whose server is to load a version: the first that it lacks. `restarts` as in `Pod`."""

    version: int
    pod: str
    restarts: int


@dataclass(frozen=True)
class Trial:
    """The version that is being tried on one pod first. `available_at`: since when it is AVAILABLE there; None before.
    `pod` is empty while one outside the Service is waited for. Times are seconds since the epoch."""

    version: int
    pod: str
    since: float
    available_at: float | None = None


@dataclass(frozen=True)
class Memory:
    """The part of one model's rollout that is kept in the TFModel's status; losing it costs time, never safety.

    `spec_hash` identifies the model's spec to which the rest belongs.
    """

    spec_hash: str = ""
    action: Action | None = None
    since: float = 0.0
    failures: tuple[Failure, ...] = ()
    waiting: tuple[tuple[int, float], ...] = ()
    """Versions that some pod has or loads, but not every pod has AVAILABLE, and since when."""

    proven: bool = True
    """False from the commit of an untried configuration until a pod has come up with it."""

    began: float = 0.0
    """When the spec was first observed."""

    follows: bool = False
    """Pods were given the policy `latest`."""

    trial: Trial | None = None
    orders: tuple[LoadOrder, ...] = ()
    """What servers are loading: a server that ends meanwhile ends by that."""

    approved: frozenset[int] = frozenset()
    """Versions that were tried, and answered or could not be asked."""


@dataclass(frozen=True)
class Facts:
    """One model: its spec, what a pod that restarts comes up with (None: nothing yet), and what the pods answer."""

    aspired: ModelConfig
    committed: ModelConfig | None
    fleet: Fleet
    memory: Memory = field(default_factory=Memory)
    limits: Limits = field(default_factory=Limits)
    now: float = 0.0
    is_listed: bool = False
    """The pods' agents look at the store or the folder, so that what a policy picks is served by name."""

    def is_starting(self, pod: Pod) -> bool:
        """Tells whether the pod may still be loading what it came up with."""
        return self.now - pod.ready_at < self.limits.load_timeout


@dataclass(frozen=True)
class Goal:
    """The state to which every pod is led; `rollout.push.pod_config` makes of it what is safe for one pod."""

    config: ModelConfig
    keep_available: bool = False
    """Whatever else is AVAILABLE on a pod stays so."""

    lingering: frozenset[str] = frozenset()
    """Labels that are not in `config` but stay where a pod answers them."""

    given_up: frozenset[int] = frozenset()
    """Versions that are dropped from a pod on which they have failed."""

    fallback: Specific | None = None
    """For pods that are behind the newest version of it, while the policy finds a version that fails, or failed and is
    being tried again."""

    promised: frozenset[str] = frozenset()
    """Labels with which a pod that restarts comes up."""

    starting: frozenset[str] = frozenset()
    """Pods that may still be loading what they came up with."""

    hold: bool = False
    """Nothing is pushed to any pod for now."""

    reserved: Mapping[int, str] = field(default_factory=dict)
    """Versions that only one pod is to load, by its name."""


@dataclass(frozen=True)
class Step:
    """The next step. `commit`, if any, is in the ConfigMap before anything is pushed."""

    action: Action
    message: str
    goal: Goal
    commit: ModelConfig | None = None
    failed: Mapping[int, str] = field(default_factory=dict)
    """Versions that are given up, and why."""

    absent: Mapping[int, str] = field(default_factory=dict)
    """Versions for which no server finds a folder; they stay in what is pushed, since a folder may appear."""

    trial: Trial | None = None
    extra_pod: bool = False
    """A pod outside the Service is to be there, for the trial."""

    without_extra: str = ""
    """Why the trial is on a pod that clients use, although one outside the Service is wanted."""

    probes: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Versions that are to be asked for a prediction, by pod."""

    replace_pods: bool = False
    """The pods are replaced: those that exist cannot come up, or accept no configuration."""

    memory: Memory = field(default_factory=Memory)

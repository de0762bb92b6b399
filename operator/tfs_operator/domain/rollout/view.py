"""Derives from the facts which pods have which version, and which version fails where."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from tfs_operator.domain.committed import to_annotation
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific, VersionPolicy
from tfs_operator.domain.observation import AVAILABLE, END, VersionStatus
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Cause, Facts, Failure, Memory, Pod, Trial
from tfs_operator.domain.verification import Outcome

_LOADING = ("START", "LOADING")
_PRESENT = (AVAILABLE, *_LOADING)


def fingerprint(config: ModelConfig) -> str:
    """Returns a short hash of the configuration, as in the status field `specHash`."""
    return hashlib.sha256(to_annotation(ModelServerConfig((config,))).encode()).hexdigest()[:16]


def newest(policy: VersionPolicy, versions: Iterable[int]) -> frozenset[int]:
    """Those of `versions` that the policy picks."""
    match policy:
        case Specific(named):
            return frozenset(named) & frozenset(versions)
        case Latest(count):
            return frozenset(sorted(versions)[-count:])
        case All():
            return frozenset(versions)


def named_by(config: ModelConfig) -> frozenset[int]:
    """Returns the versions that the configuration names, by its policy or by a label."""
    policy = config.policy
    return frozenset(config.labels.values()) | frozenset(policy.versions if isinstance(policy, Specific) else ())


@dataclass(frozen=True)
class View:
    """The facts of a rollout that has a committed configuration; every property is computed at most once."""

    facts: Facts
    aspired: ModelConfig
    committed: ModelConfig

    @property
    def pods(self) -> tuple[Pod, ...]:
        return self.facts.fleet.pods

    @cached_property
    def memory(self) -> Memory:
        """What is remembered of this very spec; a new one begins afresh."""
        kept = self.facts.memory
        spec_hash = fingerprint(self.aspired)
        return (
            kept
            if kept.spec_hash == spec_hash
            else Memory(
                spec_hash=spec_hash,
                proven=kept.proven,
                began=self.facts.now,
                follows=kept.follows,
                trial=kept.trial,
                orders=kept.orders,
                approved=kept.approved,
            )
        )

    @property
    def is_baking(self) -> bool:
        """True for the bake time after an edit: what was loaded when it came stays, for a rollback without a load."""
        return self.facts.now - self.memory.began < self.facts.limits.bake

    def lasting(self, *actions: Action) -> float:
        """Seconds for which one of `actions` has been the step; 0 when another one was."""
        return self.facts.now - self.memory.since if self.memory.action in actions else 0.0

    def waited_for(self, version: int) -> float:
        """Seconds since some pod was first seen to load the version, or since it came back to be tried again."""
        now = self.facts.now
        first_seen = dict(self.memory.waiting).get(version, now)
        known = self.failures.get(version)
        again = known.retry_at(self.facts.limits) if known else first_seen
        return now - max(first_seen, again) if again <= now else now - first_seen

    @cached_property
    def on_some(self) -> frozenset[int]:
        """AVAILABLE on at least one pod."""
        return frozenset().union(*(pod.observed.available for pod in self.pods))

    @cached_property
    def on_all(self) -> frozenset[int]:
        """AVAILABLE on every pod; nothing is where there is no pod."""
        return _on_all(pod.observed.available for pod in self.pods)

    @cached_property
    def ended_badly(self) -> frozenset[int]:
        """Ended with an error on at least one pod."""
        return frozenset(status.version for pod in self.pods for status in pod.observed.versions if _bad(status))

    @cached_property
    def arriving(self) -> dict[int, str]:
        """Versions that are on their way to some pod, with the words of the first such pod."""
        return _first_words(pod.arriving for pod in self.pods)

    @cached_property
    def unfetchable(self) -> dict[int, str]:
        """Versions that the store has not for some pod, with the words of the first such pod."""
        return _first_words(pod.unfetchable for pod in self.pods)

    @cached_property
    def judged(self) -> frozenset[int]:
        """Versions on a volume that do not look whole: servers load them all the same, and tell within seconds."""
        return frozenset(version for pod in self.pods for version in pod.unfetchable.keys() - pod.nowhere)

    @cached_property
    def fetched(self) -> frozenset[int]:
        """Versions that every pod's fetcher holds, whether the server's configuration has them or not."""
        return _on_all(pod.fetched for pod in self.pods)

    @cached_property
    def listed(self) -> frozenset[int]:
        """Whole in the store or the folder, as some pod's agent has seen last; nothing while none knows."""
        return frozenset().union(*(pod.listed or () for pod in self.pods))

    @cached_property
    def loading(self) -> frozenset[int]:
        """On the way to AVAILABLE on at least one pod."""
        found = (status for pod in self.pods for status in pod.observed.versions)
        return frozenset(status.version for status in found if status.state in _LOADING)

    @cached_property
    def loaded(self) -> frozenset[int]:
        """AVAILABLE or on the way to it on at least one pod."""
        found = (status for pod in self.pods for status in pod.observed.versions)
        return frozenset(status.version for status in found if status.state in _PRESENT)

    @cached_property
    def present(self) -> frozenset[int]:
        """Versions for which some pod has found a folder, as far as the pods show and the status remembers."""
        return self.loaded | self.ended_badly | (self.failures.keys() - self._named)

    @cached_property
    def tried(self) -> frozenset[int]:
        """Versions that pods were configured to load, or try by themselves, and those that a policy may pick again."""
        listed = frozenset() if isinstance(self.aspired.policy, Specific) else self.listed
        return self._named | listed | {status.version for pod in self.pods for status in pod.observed.versions}

    @property
    def _named(self) -> frozenset[int]:
        """Versions that the user has named; there need not be such folders."""
        return named_by(self.aspired)

    @cached_property
    def failures(self) -> dict[int, Failure]:
        return {failure.version: failure for failure in self.memory.failures}

    @cached_property
    def held(self) -> dict[int, str]:
        """Versions given up, whose back-off is not over, and that do not do well everywhere meanwhile."""
        return {
            version: failure.message
            for version, failure in self.failures.items()
            if self.facts.now < failure.retry_at(self.facts.limits) and not self.has_recovered(failure)
        }

    def has_recovered(self, failure: Failure) -> bool:
        """Tells whether a version that was given up is AVAILABLE everywhere, if that was all that it lacked; else
        whether it has passed a trial since."""
        return failure.version in (self.on_all if failure.cause is Cause.LOAD else self.approved)

    @cached_property
    def killed(self) -> dict[int, str]:
        """Versions by which a server has ended: it was told to load one, and has not become AVAILABLE there since."""
        found = ((order, self.facts.fleet.deaths.get(order.pod)) for order in self.memory.orders)
        return {
            order.version: f"version {order.version}: the model server of pod {order.pod} "
            + death.words(f" while it loaded version {order.version}")
            for order, death in found
            if death is not None and death.restarts >= order.restarts
        }

    @cached_property
    def unable(self) -> dict[int, str]:
        """Versions that are AVAILABLE and cannot answer, with the words of the first pod that shows it."""
        return _first_words(map(_unable, self.pods))

    @cached_property
    def approved(self) -> frozenset[int]:
        """Versions that were tried and found to answer, or could not be asked; not those that were only committed."""
        trial = self.memory.trial
        passed = {trial.version} if trial and self._has_passed(trial) else set()
        return (self.memory.approved | passed | self._answering) - self.unable.keys() - self.killed.keys()

    @property
    def _answering(self) -> frozenset[int]:
        """Committed versions that have answered: they have no trial."""
        committed = named_by(self.committed)
        return frozenset(v for pod in self.pods for v in pod.probed.keys() & committed & pod.observed.available)

    def _has_passed(self, trial: Trial) -> bool:
        now, limits = self.facts.now, self.facts.limits
        pod = next((pod for pod in self.pods if pod.name == trial.pod), None)
        if pod is None or trial.available_at is None or trial.version not in pod.observed.available:
            return False
        answered = trial.version in pod.probed or now - trial.available_at >= limits.answer
        return now - trial.available_at >= limits.trial and (answered or not limits.asks)

    @cached_property
    def tried_again(self) -> frozenset[int]:
        """Versions whose back-off is over, and whose listed error may still be that of the try before."""
        limits, now = self.facts.limits, self.facts.now
        return frozenset(
            version
            for version, failure in self.failures.items()
            if failure.retry_at(limits) <= now < failure.counts_again_at(limits)
        )

    def is_lost(self, version: int) -> bool:
        """No pod has it, and it is given up, or the pods have had time enough to load it since they started."""
        if version in self.on_some:
            return False
        return version in self.held or version in self.killed or self.trouble(version, math.inf) is not None

    @cached_property
    def trusted(self) -> frozenset[int]:
        """Versions that are committed, as long as nothing speaks against them."""
        policy = self.committed.policy
        named = policy.versions if isinstance(policy, Specific) else ()
        return frozenset(version for version in named if not self.is_lost(version))

    def trouble(self, version: int, loading: float) -> str | None:
        """Returns why the version is given up after `loading` seconds, from the first pod that shows it, or None."""
        return next((words for pod in self.pods if (words := self._trouble_on(pod, version, loading))), None)

    def _trouble_on(self, pod: Pod, version: int, loading: float) -> str | None:
        status = pod.observed.version(version)
        if status is not None and status.state == AVAILABLE:
            return _unable(pod).get(version)
        if (status is None or status.state == END) and self._is_kept_from(pod, version):
            return None  # an error that is listed is an old one
        if status is not None and _bad(status) and loading >= self.facts.limits.settle:
            return f"version {version} on pod {pod.name}: {status.error_code}: {status.error_message}"
        seconds = min(loading, self.facts.now - pod.ready_at, pod.heard_for)
        if version in pod.arriving or seconds < self.facts.limits.load_timeout:
            return None
        how = f"is {status.state}" if status is not None else "is not known to the server: is there such a folder?"
        return f"version {version} on pod {pod.name}: not AVAILABLE after {seconds:.0f} s, it {how}"

    def _is_kept_from(self, pod: Pod, version: int) -> bool:
        """Tells whether the version has its trial on another pod, or later."""
        trial = self.memory.trial
        if trial is None or version in self.memory.approved | named_by(self.committed):
            return False
        return (trial.version, trial.pod) != (version, pod.name)

    def missing(self, versions: Iterable[int]) -> str | None:
        """Returns a message about the first of `versions` that some pod lacks; None when every pod has all."""
        for version in sorted(versions):
            behind = [pod.name for pod in self.pods if version not in pod.observed.available]
            if behind:
                return f"version {version} is not AVAILABLE yet on {len(behind)} of {len(self.pods)} pods ({behind[0]})"
        return None


def _unable(pod: Pod) -> dict[int, str]:
    return {
        version: f"version {version} on pod {pod.name}: {probed.words}"
        for version, probed in pod.probed.items()
        if probed.outcome is Outcome.BAD and version in pod.observed.available
    }


def _on_all(each: Iterable[frozenset[int]]) -> frozenset[int]:
    sets = list(each)
    return sets[0].intersection(*sets[1:]) if sets else frozenset()


def _first_words(each: Iterable[Mapping[int, str]]) -> dict[int, str]:
    found: dict[int, str] = {}
    for words in each:
        found = {**words, **found}
    return found


def _bad(status: VersionStatus) -> bool:
    return status.state == END and status.failed

"""Concludes a pass: its status, its events, and when to reconcile again, from what its last round saw and did.

Apart from `decide` because a status tells what the API server refused and what the pods took in this very pass, which
is known only once the plan was carried out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tfs_operator.api.conditions import ConditionType
from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.api.status import FetchStatus
from tfs_operator.domain import autoscaler, deployment
from tfs_operator.domain.condition_checks import all_conditions, inactive_conditions
from tfs_operator.domain.evidence import Evidence
from tfs_operator.domain.fetch_status import fetch_statuses, refreshed
from tfs_operator.domain.location import remotes
from tfs_operator.domain.pods import lost
from tfs_operator.planning.next_look import Situation, next_look
from tfs_operator.planning.observed import Observed, Refused
from tfs_operator.planning.outcome import Outcome
from tfs_operator.planning.passed import Passed
from tfs_operator.planning.plan import Plan
from tfs_operator.planning.recycling import recycle_facts
from tfs_operator.planning.rollout_report import RolloutReport, rollout_reports
from tfs_operator.planning.status import Verdicts, status_of, status_of_refused
from tfs_operator.render.replicas import desired_replicas

REFRESH_SECONDS = 10.0
"""How often the bytes of a download are new in the status: each change is a write."""


@dataclass(frozen=True)
class Remembered:
    """What one pass leaves to the next besides the status. Losing it costs a write or a few queries."""

    moving_since: float | None = None
    """By the monotonic clock, since when pods move without an end."""

    figures_at: float = 0.0
    figures: Mapping[str, Sequence[FetchStatus]] = field(default_factory=dict)
    """The downloads of each model as they were shown, and when, in seconds since the epoch."""


@dataclass(frozen=True)
class Conclusion:
    """What is written, reported and remembered of a pass. `tfmodel` and `evidence` are None where it was refused."""

    live: Manifest
    """The TFModel as it was when the pass began."""

    status: Manifest
    verdicts: Verdicts
    remembered: Remembered = field(default_factory=Remembered)
    tfmodel: TFModel | None = None
    evidence: Evidence | None = None
    reports: Mapping[str, RolloutReport] = field(default_factory=dict)
    next_seconds: float | None = None
    """In how many seconds to reconcile again; None: only an event can change anything."""

    back_off: bool = False
    """To reconcile again with back-off."""


@dataclass(frozen=True)
class Clocks:
    """When a pass was over. `now` is in seconds since the epoch."""

    now: float
    monotonic: float


def conclude(passed: Passed, remembered: Remembered, slow_seconds: float, clocks: Clocks) -> Conclusion:
    """Concludes a pass. `remembered` is what the one before has left; `slow_seconds`: how often pods are queried at
    rest."""
    if isinstance(passed.observed, Refused):
        return _refused(passed.observed, remembered, clocks)
    observed, plan, outcome = passed.observed, passed.plan, passed.outcome
    remembered = _with_figures(remembered, observed)
    evidence = _evidence(observed, plan, outcome, remembered)
    verdicts = all_conditions(evidence)
    status_before = observed.subject.live.get("status", {})
    reports = rollout_reports(status_before, observed, plan.steps, passed.taken, evidence.replicas)
    situation = _situation(observed, plan, outcome, verdicts)
    look = next_look(situation, remembered.moving_since, slow_seconds, clocks.monotonic)
    return Conclusion(
        live=observed.subject.live,
        status=status_of(observed.subject, evidence, verdicts, reports, observed.settings, plan.agent, clocks.now),
        verdicts=verdicts,
        remembered=remembered if outcome.blocked else replace(remembered, moving_since=look.moving_since),
        tfmodel=observed.tfmodel,
        evidence=evidence,
        reports=reports,
        next_seconds=None if outcome.blocked else look.seconds,
        back_off=outcome.blocked,
    )


def _refused(found: Refused, remembered: Remembered, clocks: Clocks) -> Conclusion:
    """Only a new spec can change anything, and that comes as an event."""
    verdicts = inactive_conditions(found.problem)
    return Conclusion(found.live, status_of_refused(found.live, verdicts, clocks.now), verdicts, remembered)


def _evidence(observed: Observed, plan: Plan, outcome: Outcome, remembered: Remembered) -> Evidence:
    live = outcome.children.deployment
    replicas = desired_replicas(observed.tfmodel, live)
    return Evidence(
        aspired=observed.aspired,
        replicas=replicas,
        deployment=deployment.facts(live),
        pods=tuple(seen for _, seen in observed.in_service),
        outside=tuple(seen for pod, seen in observed.seen if pod.extra),
        blocked=outcome.failure.problem if outcome.failure else None,
        reload_problem=outcome.reloaded.problem,
        steps=plan.steps,
        now=observed.now,
        remote=frozenset(remotes(observed.tfmodel.metadata.name, observed.tfmodel.spec)),
        fetching=remembered.figures,
        surge=observed.surge,
        autoscaler=_autoscaler(observed, outcome),
        recycle=recycle_facts(observed, plan.steps),
        loads=observed.loads,
        verify_problems=observed.verify_problems,
        lost=_lost(observed, replicas),
    )


def _lost(observed: Observed, replicas: int) -> str:
    """Returns why the pod died whose replacement is awaited."""
    found = lost(observed.dead, [pod for pod, _ in observed.in_service], replicas, observed.now)
    spec = observed.tfmodel.spec
    fetches = bool(remotes(observed.tfmodel.metadata.name, spec))
    return found.words(keeps_models=fetches and spec.storage.cache is None) if found else ""


def _autoscaler(observed: Observed, outcome: Outcome) -> autoscaler.AutoscalerFacts | None:
    autoscaling, kind = observed.tfmodel.spec.autoscaling, observed.subject.autoscaler_kind
    if autoscaling is None or kind is None:
        return None
    live, installed = outcome.children.autoscaler, kind not in observed.unknown_kinds
    return autoscaler.facts(kind, autoscaling.min_replicas, autoscaling.max_replicas, live, installed=installed)


def _with_figures(remembered: Remembered, observed: Observed) -> Remembered:
    """Another version, state or cause is shown at once."""
    pods = [seen for _, seen in observed.current]
    found = {
        name: fetch_statuses(name, pods) for name in remotes(observed.tfmodel.metadata.name, observed.tfmodel.spec)
    }
    shown = refreshed(remembered.figures, found, due=observed.now - remembered.figures_at >= REFRESH_SECONDS)
    if shown is remembered.figures:
        return remembered
    return replace(remembered, figures_at=observed.now, figures=shown)


def _situation(observed: Observed, plan: Plan, outcome: Outcome, verdicts: Verdicts) -> Situation:
    return Situation(
        steps=plan.steps,
        aspired=observed.aspired,
        pods=len(observed.pods),
        settled=outcome.reloaded.settled,
        limits=observed.limits,
        now=observed.now,
        fetched=verdicts[ConditionType.MODELS_FETCHED].reason,
        surge=observed.surge,
        held=frozenset(observed.verify_problems),
        lags=any(seen.lag for _, seen in observed.current),
    )

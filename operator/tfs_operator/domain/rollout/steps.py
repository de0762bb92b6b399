"""Builds steps, for all policies."""

from collections.abc import Mapping
from dataclasses import replace

from tfs_operator.domain.model_config import Latest, ModelConfig, Specific
from tfs_operator.domain.rollout import discovery, trying
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Cause, Failure, Goal, Memory, Step
from tfs_operator.domain.rollout.view import View, named_by


def step(view: View, action: Action, message: str, goal: Goal, commit: ModelConfig | None = None) -> Step:
    """Returns a step at which nothing has failed."""
    return Step(action, message, goal, _if_new(view, commit))


def goal_of(
    view: View, config: ModelConfig, *, keep_available: bool = False, lingering: frozenset[str] = frozenset()
) -> Goal:
    """Returns the goal that leads to `config`, with what the policies of discovery need beside it."""
    doubtful = discovery.doubtful(view, config.policy)
    pinned = discovery.pin(view, config.policy, config.labels) if doubtful else None
    if pinned and discovery.dropping(view):
        config, pinned = replace(config, policy=pinned), None
    return Goal(
        config=config,
        keep_available=keep_available,
        lingering=lingering,
        given_up=frozenset(view.held),
        fallback=pinned,
        promised=frozenset(view.committed.labels),
        starting=_starting(view),
    )


def _starting(view: View) -> frozenset[str]:
    return frozenset(pod.name for pod in view.pods if view.facts.is_starting(pod))


def failing(view: View, failed: Mapping[int, str], goal: Goal, commit: ModelConfig | None) -> Step:
    """Returns the step Withdraw, which gives versions up; `with_memory` records their failures.

    A version that is being tried again is reported until its error counts again, but goes back to the pods meanwhile.
    """
    goal = replace(goal, given_up=goal.given_up | (failed.keys() - view.tried_again))
    return Step(Action.WITHDRAW, "; ".join(failed.values()), goal, _if_new(view, commit), failed)


def _if_new(view: View, commit: ModelConfig | None) -> ModelConfig | None:
    return None if commit == view.committed else commit


def with_memory(view: View, decided: Step, goal: ModelConfig) -> Step:
    """Returns the step with what the status is to remember of it, and what is to be asked on the way to `goal`."""
    before = view.memory
    memory = Memory(
        spec_hash=before.spec_hash,
        action=decided.action,
        since=before.since if before.action is decided.action else view.facts.now,
        failures=tuple(_failures(view, decided.failed)),
        waiting=_waiting(view),
        proven=before.proven or bool(view.pods),
        began=before.began,
        follows=before.follows if decided.goal.hold else isinstance(goal.policy, Latest),
        trial=decided.trial,
        orders=trying.orders(view, decided.goal) + trying.kept_orders(view),
        approved=_approved(view),
    )
    return replace(decided, memory=memory, probes=trying.probes(view, goal))


def _approved(view: View) -> frozenset[int]:
    """A version that was unloaded is tried again when it comes back: its folder may be another."""
    return view.approved & (view.on_some | named_by(view.committed))


def _waiting(view: View) -> tuple[tuple[int, float], ...]:
    """A version that is still being fetched somewhere is not waited for yet: loading it there has its whole time. So
    have the other pods, once a version has passed its trial."""
    passed = view.approved - view.memory.approved
    known = {version: since for version, since in view.memory.waiting if version not in passed}
    awaited = sorted(view.loaded - view.on_all - view.arriving.keys())
    return tuple((version, known.get(version, view.facts.now)) for version in awaited)


def _failures(view: View, failed: Mapping[int, str]) -> list[Failure]:
    kept = {version for version, known in view.failures.items() if _matters_still(view, known)}
    return [_failure(view, version, failed.get(version)) for version in sorted(kept | failed.keys())]


def _matters_still(view: View, known: Failure) -> bool:
    """Not AVAILABLE everywhere, and either of late or tried again."""
    if view.has_recovered(known):
        return False
    return view.facts.now < known.counts_again_at(view.facts.limits) or known.version in view.tried


def _failure(view: View, version: int, message: str | None) -> Failure:
    known = view.failures.get(version)
    if known is None:
        return Failure(version, message or "", view.facts.now, cause=_cause(view, version))
    repeated = view.facts.now < known.counts_again_at(view.facts.limits) and version not in view.killed
    if message is None or repeated:
        return known
    return Failure(version, message, view.facts.now, known.attempts + 1, _cause(view, version))


def _cause(view: View, version: int) -> Cause:
    if version in view.killed:
        return Cause.DEATH
    return Cause.ANSWER if version in view.unable else Cause.LOAD


def words(config: ModelConfig) -> str:
    """Returns a text such as `versions 1, 2`."""
    if isinstance(config.policy, Specific):
        return "version" + "s" * (len(config.policy.versions) > 1) + " " + ", ".join(map(str, config.policy.versions))
    return "the versions that the policy picks"


def everywhere(view: View) -> str:
    """Returns a text such as `on 3 pods`."""
    return f"on {len(view.pods)} pod" + "s" * (len(view.pods) != 1)

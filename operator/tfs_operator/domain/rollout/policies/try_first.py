"""Tries a new version on one pod before the others get it."""

from dataclasses import replace

from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.rollout import trying
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step, Trial
from tfs_operator.domain.rollout.loading import absent, leading
from tfs_operator.domain.rollout.steps import step
from tfs_operator.domain.rollout.view import View
from tfs_operator.domain.times import rfc3339


def try_first(view: View, goal: ModelConfig) -> Step | None:
    """Returns the step until every required version is approved; what is loaded elsewhere already stays there. Without
    a trial all pods load a version at once, and it only has to answer."""
    versions = trying.untried(view, goal)
    if not versions:
        return None
    version = versions[0]
    if not view.facts.limits.trial and view.missing([version]):
        return None
    trial = trying.trial_of(view, version)
    only_on = trying.reserved(view, versions, trial) if view.facts.limits.trial else {}
    committed, led_to = leading(view, goal)
    lasting = min(view.lasting(Action.TRY), view.facts.now - trial.since)
    nowhere = absent(view, goal, [version], lasting) if trial.pod else {}
    action, message = _where(view, trial)
    found = step(view, action, next(iter(nowhere.values()), message), replace(led_to, reserved=only_on), committed)
    return _with_trial(view, replace(found, absent=nowhere), trial)


def _with_trial(view: View, found: Step, trial: Trial) -> Step:
    if trying.awaits_folder(view, trial.version):
        return found
    extra, without = trying.wants_extra(view, trial), trying.without_extra(view, trial)
    return replace(found, trial=trial, extra_pod=extra, without_extra=without)


def _where(view: View, trial: Trial) -> tuple[Action, str]:
    """Returns the step and what it waits for."""
    if trying.awaits_folder(view, trial.version):
        return Action.FETCH, {**view.unfetchable, **view.arriving}[trial.version]
    if not trial.pod:
        return Action.TRY, _awaiting_extra(view, trial)
    pod = next((pod for pod in view.pods if pod.name == trial.pod), None)
    what = f"version {trial.version} is tried on pod {trial.pod} first"
    if pod is None:
        return Action.TRY, f"{what}, which does not answer at the moment"
    coming = {**pod.unfetchable, **pod.arriving}
    if trial.version in coming.keys() - view.judged:
        return Action.FETCH, coming[trial.version]
    if trying.is_occupied(view, trial):
        return Action.TRY, f"{what}, once that has loaded what it is loading"
    if trial.available_at is None:
        return Action.TRY, f"{what}, where it is not AVAILABLE yet"
    limits = view.facts.limits
    if limits.asks and trial.version not in pod.probed:
        return Action.TRY, f"{what}, where it is AVAILABLE and has not answered yet"
    return Action.TRY, f"{what}, where it has to last until {rfc3339(trial.available_at + limits.trial)}"


def _awaiting_extra(view: View, trial: Trial) -> str:
    what = f"version {trial.version} waits for a pod outside the Service to be tried on (rollout.extraPod)"
    problem = view.facts.fleet.extra.problem
    return f"{what}: {problem}" if problem else what

"""Takes the change back when a required version cannot be loaded; labels stay where they are."""

from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.rollout import target
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Step
from tfs_operator.domain.rollout.safe_commit import safe_commit
from tfs_operator.domain.rollout.steps import failing, goal_of
from tfs_operator.domain.rollout.view import View


def withdraw(view: View, goal: ModelConfig) -> Step | None:
    """Withdraws as soon as one pod cannot load it. Where all of the goal is committed already, nothing is retired.

    What fails of the committed versions meanwhile is given up too: dropped where it failed, and tried again. So is what
    has ended a server, whether the goal has it or not: while no pod answers, what a policy picks is not known.
    """
    failed = _failed(view, goal) | view.killed
    if not failed:
        return None
    committed = safe_commit(view, goal) or view.committed
    led_to = goal_of(view, committed, keep_available=committed == goal or view.is_baking)
    return failing(view, {**failed, **_failed(view, committed)}, led_to, committed)


def _failed(view: View, config: ModelConfig) -> dict[int, str]:
    required = sorted(target.required(config))
    return {version: words for version in required if (words := _failure(view, version))}


def _failure(view: View, version: int) -> str | None:
    """Returns why the version failed; one without a folder has not failed, and stays in what is pushed."""
    if version in view.killed:
        return view.killed[version]
    if version in view.held:
        return view.held[version]
    return view.trouble(version, _tried_for(view, version)) if version in view.present else None


def _tried_for(view: View, version: int) -> float:
    """A folder that appears late has its whole time: it counts from when some pod was first seen to load it. Versions
    are tried one after another."""
    trial = view.memory.trial
    lasting = view.lasting(Action.FETCH, Action.TRY, Action.LOAD)
    if trial is not None and trial.version == version:
        lasting = min(lasting, view.facts.now - trial.since)
    return min(lasting, max(view.waited_for(version), view.facts.limits.settle))

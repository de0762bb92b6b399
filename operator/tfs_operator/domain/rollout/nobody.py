"""No pod is there to be asked."""

from dataclasses import replace

from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.rollout import target
from tfs_operator.domain.rollout.facts import Action, Goal, Step
from tfs_operator.domain.rollout.view import View


def nobody(view: View) -> Step | None:
    """Waits for pods to come up with what is committed, unless that has never worked or works no more."""
    if view.pods:
        return None
    opening = target.opening(view.wanted)
    if _is_hopeless(view, opening):
        return _instead(view, opening)
    memory = replace(view.memory, action=Action.WAIT, since=_since(view))
    return Step(Action.WAIT, _words(view), Goal(view.committed), memory=memory)


def _is_hopeless(view: View, opening: ModelConfig) -> bool:
    """A wish that is known to be bad is no remedy: what is committed has worked once."""
    fleet = view.facts.fleet
    stuck = fleet.crash_looping or not view.memory.proven
    return stuck and not fleet.silent and not view.memory.failures and view.committed != opening


def _instead(view: View, opening: ModelConfig) -> Step:
    memory = replace(view.memory, action=Action.COMMIT, since=view.facts.now, proven=False)
    words = "no pod comes up with the committed configuration: the newest one takes its place"
    return Step(Action.COMMIT, words, Goal(opening), commit=opening, memory=memory)


def _since(view: View) -> float:
    return view.memory.since if view.memory.action is Action.WAIT else view.facts.now


def _words(view: View) -> str:
    silent = view.facts.fleet.silent
    return f"{silent} ready pods do not answer" if silent else "no pod is ready yet"

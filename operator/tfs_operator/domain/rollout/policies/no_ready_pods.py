"""Decides while no pod is ready to be queried."""

from dataclasses import replace

from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.rollout import target
from tfs_operator.domain.rollout.action import Action
from tfs_operator.domain.rollout.facts import Goal, Step
from tfs_operator.domain.rollout.steps import words
from tfs_operator.domain.rollout.trying import kept_orders, stays_while_silent
from tfs_operator.domain.rollout.view import View, named_by


def no_ready_pods(view: View) -> Step:
    """Waits for pods to come up with what is committed, unless that has never worked or works no more."""
    initial = target.initial(view.aspired)
    if _is_hopeless(view, initial):
        return _instead(view, initial)
    memory = replace(view.memory, action=Action.WAIT, since=_since(view, Action.WAIT), orders=kept_orders(view))
    return Step(
        Action.WAIT,
        _words(view),
        Goal(view.committed),
        failed=_given_up(view),
        memory=memory,
        extra_pod=stays_while_silent(view),
    )


def _is_hopeless(view: View, initial: ModelConfig) -> bool:
    """Tells whether the committed configuration never worked or no longer does, and the spec is not known to be bad."""
    fleet = view.facts.fleet
    stuck = fleet.crash_looping or not view.memory.proven
    return stuck and not fleet.silent and not _is_blamed(view) and view.committed != initial


def _given_up(view: View) -> dict[int, str]:
    """Returns what the spec names and was given up: it is reported also while the pods come up again."""
    return {version: view.held[version] for version in sorted(view.held) if version in named_by(view.aspired)}


def _is_blamed(view: View) -> bool:
    """A version of the spec is known to be bad, or may be, as long as it does not show how servers ended that were
    loading it."""
    return bool(view.memory.failures) or bool(kept_orders(view))


def _instead(view: View, initial: ModelConfig) -> Step:
    memory = replace(view.memory, action=Action.COMMIT, since=_since(view, Action.COMMIT), proven=False)
    why = "no pod starts with the committed configuration: that of the spec replaces it"
    return Step(Action.COMMIT, why, Goal(initial), commit=initial, replace_pods=True, memory=memory)


def _since(view: View, action: Action) -> float:
    return view.memory.since if view.memory.action is action else view.facts.now


def _words(view: View) -> str:
    silent = view.facts.fleet.silent
    if silent:
        return f"{silent} ready pods do not answer"
    return f"no pod is ready yet; a server opens its ports once it has loaded {_opener(view.committed)}"


def _opener(config: ModelConfig) -> str:
    policy = config.policy
    named = words(config) if isinstance(policy, Specific) and len(policy.versions) == 1 else f"one of {words(config)}"
    return f"{named} of {config.base_path}"

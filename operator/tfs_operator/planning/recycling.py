"""Decides when the pods of a TFModel are replaced because a model server has grown: only while nothing else is done."""

from collections.abc import Mapping

from tfs_operator.domain import deployment
from tfs_operator.domain.recycle import RecycleFacts, due
from tfs_operator.domain.rollout import Action, Step
from tfs_operator.planning.observed import Observed
from tfs_operator.render.deployment import recycled_of

_RESTING = (Action.DONE, Action.WITHDRAW)
"""A pod that starts comes up with what is committed. While versions bake it would lack those that are kept for a
rollback."""


def recycle_facts(observed: Observed, steps: Mapping[str, Step]) -> RecycleFacts | None:
    """Returns what the replacement is decided from; None without `server.recycle`."""
    bound = observed.tfmodel.spec.server.recycle
    if bound is None:
        return None
    complete = deployment.facts(observed.children.deployment).complete
    resting = complete and all(step.action in _RESTING for step in steps.values())
    return RecycleFacts(bound, observed.loads, observed.memory_unreadable, resting)


def recycled_for(observed: Observed, steps: Mapping[str, Step]) -> str | None:
    """Returns for which server the pods are replaced; the same as before where none is due now."""
    facts = recycle_facts(observed, steps)
    turn = due(facts, observed.now) if facts is not None and facts.resting else None
    return turn.name if turn else recycled_of(observed.children.deployment)

"""What a pass has gone through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tfs_operator.domain.rollout import Memory
from tfs_operator.planning.observed import Observed, Refused
from tfs_operator.planning.outcome import Outcome
from tfs_operator.planning.plan import Plan


@dataclass(frozen=True)
class Passed:
    """The last round of a pass. `taken` has every step of each model in the whole pass, in order, beginning with the
    one that was remembered."""

    observed: Observed | Refused
    plan: Plan
    outcome: Outcome
    taken: Mapping[str, Sequence[Memory]] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether another round at once would see nothing new: no server was sent anything, and what is committed is
        what it was, or cannot be written."""
        if isinstance(self.observed, Refused):
            return True
        unchanged = self.outcome.children.committed == self.observed.committed
        return not self.outcome.reloaded.sent and (self.outcome.blocked or unchanged)


def after(before: Passed | None, observed: Observed | Refused, plan: Plan, outcome: Outcome) -> Passed:
    """Returns the pass with one round more; `before` is None for the first."""
    return Passed(observed, plan, outcome, _taken(before, observed, plan))


def _taken(before: Passed | None, observed: Observed | Refused, plan: Plan) -> dict[str, Sequence[Memory]]:
    if isinstance(observed, Refused):
        return {}
    so_far = before.taken if before else {name: [observed.memories.get(name, Memory())] for name in plan.steps}
    return {
        name: [*(so_far[name] if name in plan.new_steps else so_far[name][:-1]), memory]
        for name, memory in plan.memories.items()
    }

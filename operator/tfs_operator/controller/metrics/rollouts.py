"""Measures whole rollouts: from the first step after a spec change until all that it asks for is served."""

from collections.abc import Iterator, Sequence

from tfs_operator.controller.key import TFModelKey
from tfs_operator.domain.rollout import Memory


class RolloutTimes:
    """Remembers when the rollouts that are under way began. A restarted operator counts from the step that it finds."""

    def __init__(self) -> None:
        self._began: dict[TFModelKey, dict[str, tuple[str, float]]] = {}

    def forget(self, key: TFModelKey) -> None:
        self._began.pop(key, None)

    def ended(self, key: TFModelKey, model: str, taken: Sequence[Memory]) -> Iterator[float]:
        """Seconds of each rollout that ended in this pass; `taken` has its steps in order, from the one before."""
        began = self._began.setdefault(key, {})
        for memory in taken:
            known = began.get(model)
            if memory.action is None or not memory.action.traits.has_ready_pods:
                began.pop(model, None)
            elif memory.action.traits.serving:
                if began.pop(model, None) and known is not None and known[0] == memory.spec_hash:
                    yield max(memory.since - known[1], 0.0)
            elif known is None or known[0] != memory.spec_hash:
                began[model] = (memory.spec_hash, memory.since)

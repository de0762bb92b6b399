"""What a status remembers of the rollouts."""

from tfs_operator.api.manifest import Manifest
from tfs_operator.domain import rollout_status
from tfs_operator.domain.rollout import Memory


def memories(live: Manifest, *, resumed_at: float | None = None) -> dict[str, Memory]:
    """Returns each model's memory in the status of `live`. Pass `resumed_at`, in seconds since the epoch, when nothing
    has driven the rollouts for a while: that time does not count."""
    found = rollout_status.rollouts(live.get("status", {}))
    kept = {name: rollout_status.memory(rollout) for name, rollout in found.items()}
    if resumed_at is None:
        return kept
    return {name: rollout_status.resumed(memory, resumed_at) for name, memory in kept.items()}

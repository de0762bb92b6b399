"""What a schema cannot refuse: whether this operator, as it was started, may act on a spec that is valid."""

from tfs_operator.api.conditions import Reason
from tfs_operator.api.spec import TFModelSpec
from tfs_operator.domain.location import NodePath, locations
from tfs_operator.domain.observation import Problem


def objection(spec: TFModelSpec, *, allow_hostpath: bool) -> Problem | None:
    """Why this operator may not act on the spec, or None."""
    if not allow_hostpath and _uses_hostpath(spec):
        return Problem(
            Reason.HOSTPATH_NOT_ALLOWED,
            "modelUri: hostpath:// reads the node's own files and is refused unless the operator is started with "
            "--allow-hostpath (chart value allowHostPath)",
        )
    return None


def suspension(spec: TFModelSpec) -> Problem | None:
    """Says so when the user has asked the operator to keep its hands off."""
    if spec.suspend:
        return Problem(Reason.SUSPENDED, "spec.suspend is true: what runs goes on as it is, edits wait")
    return None


def _uses_hostpath(spec: TFModelSpec) -> bool:
    return any(isinstance(location, NodePath) for location in locations("", spec).values())

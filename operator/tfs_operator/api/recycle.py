"""When a model server has grown too large and its pod is replaced: `spec.server.recycle`."""

from typing import Annotated, Any

from pydantic import Field

from tfs_operator.api.base import ApiModel
from tfs_operator.api.rules import Rule

INT32 = {"format": "int32"}


class Recycle(ApiModel):
    """Bounds the memory of a model server. Each swap of a version leaves some memory in the process that only its end
    gives back. All pods are replaced, one by one and without losing a request, once one of them has reached a bound and
    no change is under way. See docs/tuning.md."""

    memory_percent: Annotated[int, Field(ge=20, le=100, json_schema_extra=INT32)] | None = None
    """Memory of the model server, in percent of its limit in `resources`, at which the pods are replaced. It is read
    from the cluster's metrics API (metrics-server) once a minute. A server that has not unloaded a version is replaced
    for its memory at most once an hour."""

    swaps: Annotated[int, Field(ge=1, le=100_000, json_schema_extra=INT32)] | None = None
    """Number of versions that a model server has unloaded since its start at which the pods are replaced."""

    rules = (
        Rule(
            "has(self.memoryPercent) || has(self.swaps)",
            lambda recycle: recycle.memory_percent is not None or recycle.swaps is not None,
            "set memoryPercent, swaps, or both",
        ),
    )


def _has_a_limit(server: Any) -> bool:
    if server.recycle is None or server.recycle.memory_percent is None:
        return True
    return server.resources is not None and "memory" in (server.resources.limits or {})


NEEDS_A_LIMIT = Rule(
    "!has(self.recycle) || !has(self.recycle.memoryPercent) || "
    "(has(self.resources) && has(self.resources.limits) && 'memory' in self.resources.limits)",
    _has_a_limit,
    "recycle.memoryPercent is a part of resources.limits.memory, which is not set",
)

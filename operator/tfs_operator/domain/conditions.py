"""Turns verdicts into conditions, with the generation of the spec and the time of the last change of status.

Source: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
"""

from collections.abc import Mapping
from typing import Any

from tfs_operator.api.conditions import ConditionType
from tfs_operator.api.status import Condition
from tfs_operator.domain.evidence import Verdict


def merged(
    verdicts: Mapping[ConditionType, Verdict],
    previous: list[dict[str, Any]],
    generation: int,
    now: str,
) -> list[Condition]:
    """Returns the new conditions. `now` is an RFC 3339 time; a condition whose status stays keeps its time."""
    times = {(old.get("type"), old.get("status")): old.get("lastTransitionTime") for old in previous}
    return [
        Condition.model_validate(
            {
                "type": kind.value,
                "status": verdict.status,
                "reason": verdict.reason.value,
                "message": verdict.words,
                "observedGeneration": generation,
                "lastTransitionTime": times.get((kind.value, verdict.status)) or now,
            }
        )
        for kind, verdict in verdicts.items()
    ]

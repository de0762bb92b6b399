"""Warns where the versions that a model server is to have may not fit in its memory. A warning only: it may be wrong.

A server reads variables into memory as they lie on disk, beside what TensorFlow itself takes. What else a graph takes
does not show before it runs.
"""

from tfs_operator.domain.evidence import Evidence
from tfs_operator.domain.fetch_status import size
from tfs_operator.domain.model_config import ModelConfig, Specific
from tfs_operator.domain.observation import PodObservation


def tight(evidence: Evidence, pod: PodObservation) -> str | None:
    """Returns the warning, which continues a sentence; None where there is room, or where sizes or limit are not
    known."""
    limit = next((load.limit for load in evidence.loads if load.pod == pod.name), 0)
    together = sum(_bytes(model, pod) for model in evidence.aspired.models)
    if not limit or together <= limit:
        return None
    return (
        f"what it is to have takes {size(together)} on disk, and its memory limit is {size(limit)} "
        "(server.resources.limits.memory): it may be killed"
    )


def _bytes(model: ModelConfig, pod: PodObservation) -> int:
    """Of the versions that the server has and those that the spec names, as far as the pod's agent sees them."""
    report = pod.fetches.get(model.name)
    named = model.policy.versions if isinstance(model.policy, Specific) else ()
    wanted = pod.model(model.name).available | {*named, *model.labels.values()}
    return sum(each.bytes for each in report.versions if each.version in wanted) if report else 0

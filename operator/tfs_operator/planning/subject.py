"""Whether this operator may act on a TFModel."""

from tfs_operator.api.conditions import Reason
from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import InvalidTFModel, TFModel
from tfs_operator.domain.object_size import UNREADABLE
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.policy import Allowed, suspension, violation
from tfs_operator.planning.observed import Refused, Subject


def subject_of(live: Manifest, allowed: Allowed) -> Subject | Refused:
    """Returns Refused when the spec is invalid, against the operator's policy, or suspended."""
    if UNREADABLE in live:
        return Refused(live, Problem(Reason.INVALID_SPEC, live[UNREADABLE]))
    try:
        tfmodel = TFModel.parse(live)
    except InvalidTFModel as error:
        return Refused(live, Problem(Reason.INVALID_SPEC, str(error)))
    problem = violation(tfmodel.spec, allowed) or suspension(tfmodel.spec)
    return Refused(live, problem) if problem else Subject(live, tfmodel)

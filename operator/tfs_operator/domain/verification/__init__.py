"""Judges whether a version that is AVAILABLE can predict: what it is asked, and what its answers mean. Pure."""

from tfs_operator.domain.verification import expectations
from tfs_operator.domain.verification.judge import Answer, judge
from tfs_operator.domain.verification.made_up import MAX_BODY_BYTES, MadeUp, PredictRequest, made_up
from tfs_operator.domain.verification.metadata import NotMetadata, Signature, TensorInfo, read_signatures
from tfs_operator.domain.verification.probed import Outcome, Probed, concluded, of_requests
from tfs_operator.domain.verification.question import Answered, Question
from tfs_operator.domain.verification.requests import BadRequests, Stored, UserRequest, read_requests
from tfs_operator.domain.verification.signatures import differences, told

__all__ = [
    "MAX_BODY_BYTES",
    "Answer",
    "Answered",
    "BadRequests",
    "MadeUp",
    "NotMetadata",
    "Outcome",
    "PredictRequest",
    "Probed",
    "Question",
    "Signature",
    "Stored",
    "TensorInfo",
    "UserRequest",
    "concluded",
    "differences",
    "expectations",
    "judge",
    "made_up",
    "of_requests",
    "read_requests",
    "read_signatures",
    "told",
]

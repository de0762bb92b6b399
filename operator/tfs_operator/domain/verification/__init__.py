"""Judges whether a version that is AVAILABLE can predict: what it is asked, and what its answers mean. Pure."""

from tfs_operator.domain.verification.judge import Answer, judge
from tfs_operator.domain.verification.made_up import MAX_BODY_BYTES, MadeUp, PredictRequest, made_up
from tfs_operator.domain.verification.metadata import NotMetadata, Signature, TensorInfo, read_signatures
from tfs_operator.domain.verification.probed import Outcome, Probed, of_requests, of_signatures
from tfs_operator.domain.verification.question import Answered, Question
from tfs_operator.domain.verification.signatures import differences, told

__all__ = [
    "MAX_BODY_BYTES",
    "Answer",
    "Answered",
    "MadeUp",
    "NotMetadata",
    "Outcome",
    "PredictRequest",
    "Probed",
    "Question",
    "Signature",
    "TensorInfo",
    "differences",
    "judge",
    "made_up",
    "of_requests",
    "of_signatures",
    "read_signatures",
    "told",
]

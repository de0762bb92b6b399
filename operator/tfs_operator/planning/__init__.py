"""Decides for one TFModel, purely: what is observed in, what is to be done and reported out.

`decide(observed) -> plan` before anything is done in a round; `conclude(passed, …) -> conclusion` once a pass is over,
from what came of it. controller/reconcile gathers what they read, and carries out what they return.
"""

from tfs_operator.planning.conclude import Clocks, Conclusion, Remembered, conclude
from tfs_operator.planning.decide import decide
from tfs_operator.planning.observed import LiveChildren, Observed, Refused, Subject
from tfs_operator.planning.outcome import ApplyFailure, Outcome, Reloaded
from tfs_operator.planning.passed import Passed, after
from tfs_operator.planning.plan import Plan, ProbeOrder, ReloadOrder
from tfs_operator.planning.remembered import memories
from tfs_operator.planning.subject import subject_of

__all__ = [
    "ApplyFailure",
    "Clocks",
    "Conclusion",
    "LiveChildren",
    "Observed",
    "Outcome",
    "Passed",
    "Plan",
    "ProbeOrder",
    "Refused",
    "ReloadOrder",
    "Reloaded",
    "Remembered",
    "Subject",
    "after",
    "conclude",
    "decide",
    "memories",
    "subject_of",
]

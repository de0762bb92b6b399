"""Whatever pods answer, a pass is decided and concluded, and its status is one that the API server takes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from testing.fuzzing.api_server import POD
from testing.fuzzing.edges import edge, fuzzed
from testing.fuzzing.pods import observed, recorded, reported
from testing.fuzzing.strategies import TEXTS, bodies
from testing.hostile import EXAMPLES
from tests.fuzz.passes import ALLOWED, NOW, assert_concludes, live
from tests.fuzz.reports import REPORTS
from tfs_operator.domain.fetch_protocol import FetchReport
from tfs_operator.domain.observation import ModelObservation, PodObservation, Problem
from tfs_operator.domain.pods import facts
from tfs_operator.domain.verification import Answered, Outcome, Probed, Question
from tfs_operator.planning import LiveChildren, Observed, Subject, subject_of
from tfs_operator.render import Settings

ANNOTATION = "tfs-operator.io/models-digest"
READY = {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-21T10:00:00Z"}]}
SUBJECTS = [
    found for each in EXAMPLES if isinstance(found := subject_of(live(each), ALLOWED), Subject) and found.listed
]
"""Those whose models are fetched, or lie on a volume."""


def observation(name: str, status: bytes, report: bytes, words: str) -> PodObservation:
    """Returns what the clients make of the answers of one pod."""
    found, fetches = observed(200, status), reported(200, report)
    models = {"mnist": found} if isinstance(found, ModelObservation) else {}
    problem = None if models else Problem("ModelServerUnreachable", str(found))
    probed = {number: Answered(Question(), Probed(Outcome.BAD, words)) for number in range(3)}
    seen = PodObservation(name, ready=True, models=models, problem=problem, probed={"mnist": probed})
    if isinstance(fetches, FetchReport):
        return _with_report(seen, fetches)
    return seen


def _with_report(seen: PodObservation, report: FetchReport) -> PodObservation:
    return PodObservation(
        seen.name, seen.ready, seen.models, seen.problem, fetches=report.models, lag=report.lag, probed=seen.probed
    )


ANSWERS = st.tuples(bodies(recorded("model_version_status")), bodies(REPORTS), TEXTS)


@given(st.sampled_from(SUBJECTS), st.lists(ANSWERS, min_size=1, max_size=2))
@fuzzed(500)
def test_passes(subject: Subject, answers: list[tuple[bytes, bytes, str]]) -> None:
    pods, seen = [], []
    for number, answer in enumerate(answers):
        pods.append(facts(_pod(f"mnist-{number}", subject.models_digest), ANNOTATION))
        seen.append(observation(f"mnist-{number}", *answer))
    children = LiveChildren(subject.aspired)
    with edge("pass: decided and concluded", answers):
        assert_concludes(Observed(subject, Settings(), children, tuple(pods), tuple(seen), now=NOW))


def _pod(name: str, digest: str) -> Any:
    metadata = {**POD["metadata"], "name": name, "annotations": {ANNOTATION: digest}}
    return {**POD, "metadata": metadata, "status": {"phase": "Running", "podIP": "10.0.0.1", **READY}}

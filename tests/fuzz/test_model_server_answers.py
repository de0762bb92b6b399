"""Whatever a model server answers, it is an observation or an error for users, and soon."""

import asyncio
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from testing.fuzzing.edges import edge, fuzzed, memory_below
from testing.fuzzing.pods import CannedPredictions, observed, recorded
from testing.fuzzing.readable import assert_readable
from testing.fuzzing.strategies import ODD_VALUES, bodies, changed, written
from tfs_operator.domain.model_status_json import MOST_ENDED, MOST_LIVE
from tfs_operator.domain.verification import (
    MAX_BODY_BYTES,
    Answer,
    Signature,
    UserRequest,
    differences,
    expectations,
    judge,
    made_up,
    told,
)
from tfs_operator.serving.errors import ModelServerUnreachable, VersionNotServed

STATUSES = st.sampled_from([200, 200, 200, 200, 400, 404, 429, 500, 503, 301, 0])
INPUT = {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}}
SIGNATURE = {"inputs": {"x": INPUT}, "outputs": {"y": INPUT}, "defaults": {}}
SIGNATURES: list[Any] = [{"metadata": {"signature_def": {"signature_def": {"s": SIGNATURE}}}}]
PREDICTION = [{"predictions": [[0.5, 1], {"a": "b"}]}, {"outputs": {"a": [1]}}, {"error": "Op type not registered 'X'"}]
MODEL_STATUSES, METADATA = recorded("model_version_status"), recorded("signature_def")
PREDICTIONS, ERRORS = recorded("predictions") + recorded("outputs"), recorded("error")
METADATA_BODIES = bodies(SIGNATURES) | bodies(METADATA)
PREDICTION_BODIES = bodies(PREDICTION) | bodies(PREDICTIONS + ERRORS)
MOST_MEMORY = 64 * 2**20
"""Some 30 bytes for each of the two MiB that are read."""


@given(STATUSES, bodies(MODEL_STATUSES + METADATA))
@fuzzed(1500)
def test_statuses(status: int, body: bytes) -> None:
    with edge("model server: status", body):
        found = observed(status, body)
    if isinstance(found, ModelServerUnreachable):
        assert_readable(str(found), 600)
        return
    assert len(found.versions) <= MOST_LIVE + MOST_ENDED
    assert all(0 <= each.version < 2**63 for each in found.versions)
    for version in found.versions:
        assert_readable(version.error_message, 2000)
        assert_readable(version.error_code, 64)


@given(bodies(MODEL_STATUSES))
@fuzzed(30)
def test_memory_for_a_status(body: bytes) -> None:
    with memory_below(MOST_MEMORY):
        observed(200, body)


def signatures(status: int, body: bytes) -> dict[str, Signature] | str:
    client = CannedPredictions(status, body)
    try:
        return asyncio.run(client.signatures("10.0.0.1", 8501, "m", 1))
    except (VersionNotServed, ModelServerUnreachable) as error:
        return str(error)


@given(STATUSES, METADATA_BODIES)
@fuzzed(1500)
def test_signatures(status: int, body: bytes) -> None:
    with edge("model server: signatures", body):
        found = signatures(status, body)
        requests = made_up(found if isinstance(found, dict) else {})
    assert all(len(each.body) <= 2 * MAX_BODY_BYTES for tries in requests.requests.values() for each in tries)


@given(changed(SIGNATURES), changed(SIGNATURES))
@fuzzed(300)
def test_differences_of_signatures(before: object, after: object) -> None:
    one, other = (signatures(200, written(each)) for each in (before, after))
    if isinstance(one, dict) and isinstance(other, dict):
        with edge("model server: differences of signatures", after):
            found = differences(one, other)
        assert bool(found) or one.keys() <= other.keys()
        told(found, 1)


REQUESTS = st.builds(
    UserRequest,
    st.just("rollout.verify.requests[a]"),
    st.just('{"instances": [1]}'),
    st.booleans(),
    st.none() | st.sampled_from(PREDICTIONS).map(json.dumps),
    st.none() | st.floats(0, 1),
)


@given(STATUSES, PREDICTION_BODIES, st.booleans(), REQUESTS)
@fuzzed(1500)
def test_predictions(status: int, body: bytes, whole: bool, request: UserRequest) -> None:
    answer = Answer(status, body.decode(errors="replace"), whole)
    with edge("model server: judge", body):
        found = [judge("a made-up request", answer)]
        expectations.is_gone(answer)
        expectations.is_busy(answer)
    with edge("model server: expectations (in a thread)", body):
        found += [expectations.check(request, answer), expectations.compare(request, answer, 1, answer)]
    for probed in found:
        assert_readable(probed.words, 2000)


@given(ODD_VALUES, ODD_VALUES, st.floats(0, 1))
@fuzzed(100)
def test_comparisons_of_odd_values(one: object, other: object, tolerance: float) -> None:
    request = UserRequest("a", "{}", tolerance=tolerance)
    answers = [Answer(200, written({"predictions": each}).decode()) for each in (one, other)]
    assert_readable(expectations.compare(request, answers[0], 1, answers[1]).words, 2000)

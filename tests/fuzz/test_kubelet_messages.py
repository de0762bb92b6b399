"""Whatever a container, a kubelet or a scheduler writes into a pod's status, it is told on one short line."""

import asyncio
import json
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from testing.fuzzing.api_server import CERTIFICATE, POD
from testing.fuzzing.edges import edge, fuzzed
from testing.fuzzing.readable import assert_readable
from testing.fuzzing.strategies import FLOODS, TEXTS, bodies
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.events import MAX_FIELD_BYTES, MAX_NOTE_BYTES, EventRecorder
from tfs_operator.domain.apply_errors import rejected
from tfs_operator.domain.pods import dead_pods, facts
from tfs_operator.domain.renewal import renewal
from tfs_operator.domain.scheduling import explained
from tfs_operator.domain.tls import served
from tfs_operator.domain.verification import Outcome, Probed

DIGEST = "tfs-operator.io/models-digest"
PIECES = st.sampled_from(["Failed ", ": E ", "] ", ".cc:", "\n", ", ", "Insufficient nvidia.com/gpu"])
WORDS = st.one_of(
    TEXTS,
    st.lists(TEXTS | PIECES).map("".join),
    st.builds("0/{} nodes are available: {}".format, st.sampled_from([3, "9" * 5000, "x"]), TEXTS),
    FLOODS.map(lambda flood: flood[:200_000].decode(errors="replace")),
)


def with_words(pod: Any, words: str) -> Any:
    """Puts the words into every place of a pod's status that takes any."""
    if isinstance(pod, dict):
        return {key: words if key in ("message", "reason") else with_words(value, words) for key, value in pod.items()}
    return [with_words(item, words) for item in pod] if isinstance(pod, list) else pod


@given(WORDS, st.sampled_from(["Running", "Failed"]))
@fuzzed(400)
def test_words(words: str, phase: str) -> None:
    pod = {**POD, "status": {**with_words(POD["status"], words), "phase": phase}}
    with edge("kubelet: messages of a pod", words):
        found, dead = facts(pod, DIGEST), dead_pods([pod])
    if found.problem:
        assert_readable(found.problem.message, 4096)
    if found.death:
        assert_readable(found.death.words(), 1200)
    for each in dead:
        assert_readable(each.words(keeps_models=True), 2000)


@given(WORDS)
@fuzzed(300)
def test_words_of_scheduler_and_api_server(words: str) -> None:
    with edge("scheduler and API server: messages", words):
        problem = rejected("Deployment", "mnist", words)
        explained(words, 1)
    assert_readable(problem.message, 4096)


@given(bodies([CERTIFICATE]) | st.builds(lambda each: json.dumps({**CERTIFICATE, "name": each}).encode(), TEXTS))
@fuzzed(400)
def test_certificates(body: bytes) -> None:
    ended = {"terminated": {"message": body.decode(errors="replace")}}
    status = {"initContainerStatuses": [{"name": "tls", "state": ended}]}
    with edge("kubelet: certificate", body):
        found = served(status)
    assert found is not None
    assert_readable(found.name, 253)
    assert found.sha256 == "" or bytes.fromhex(found.sha256)
    renewal([found], 1_790_000_000.0)


class Events:
    """A client that keeps the event that is written."""

    def __init__(self) -> None:
        self.written: asyncio.Queue[Any] = asyncio.Queue()

    async def create_event(self, event: Any) -> None:
        self.written.put_nowait(event)


async def event_of(reason: str, note: str, action: str) -> Any:
    events = Events()
    recorder = EventRecorder(cast(ClusterClient, events), "operator")
    recorder.record({"metadata": {"namespace": "shop", "name": "mnist", "uid": "u1"}}, "Warning", reason, note, action)
    writing = asyncio.create_task(recorder.run())
    try:
        return await events.written.get()
    finally:
        writing.cancel()


@given(WORDS, WORDS, WORDS)
@fuzzed(300)
def test_events(reason: str, note: str, action: str) -> None:
    with edge("event", note):
        event = asyncio.run(event_of(reason, note, action))
    for field, most in (("note", MAX_NOTE_BYTES), ("reason", MAX_FIELD_BYTES), ("action", MAX_FIELD_BYTES)):
        assert_readable(event[field], most)
        assert len(event[field].encode()) <= most


@given(WORDS)
@fuzzed(50)
def test_words_of_a_version(words: str) -> None:
    assert_readable(Probed(Outcome.BAD, words).words, 2000)

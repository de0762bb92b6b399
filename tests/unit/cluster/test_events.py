"""Events as the API server gets them: counted, bounded, and nobody's problem when they fail."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tfs_operator.cluster import events
from tfs_operator.cluster.events import EventRecorder

TFMODEL = {"metadata": {"namespace": "ns", "name": "mnist", "uid": "u1"}}


@asynccontextmanager
async def running(recorder: EventRecorder) -> AsyncIterator[EventRecorder]:
    task = asyncio.create_task(recorder.run())
    try:
        yield recorder
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def recorder(client) -> AsyncIterator[EventRecorder]:
    async with running(EventRecorder(client, "tfs-operator-abc", interval=0.2, window=5.0)) as recorder:
        yield recorder


def happen(recorder: EventRecorder, note: str = "version 2 is available", tfmodel=TFMODEL) -> None:
    recorder.record(tfmodel, "Normal", "VersionAvailable", note, "Observe")


async def seen(apiserver, count: int):
    """The requests, as soon as there are `count`, and a little later, so that one too many shows."""
    async with asyncio.timeout(60):
        while len(apiserver.seen) < count:  # noqa: ASYNC110  the server is polled as a user would
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    return apiserver.seen


async def test_an_event_says_what_happened_to_whom(recorder, apiserver):
    happen(recorder)
    (request,) = await seen(apiserver, 1)
    event = request.body
    assert (request.method, request.path) == ("POST", "/apis/events.k8s.io/v1/namespaces/ns/events")
    assert event["metadata"]["namespace"] == "ns"
    assert event["metadata"]["name"].startswith("mnist.")
    assert event["regarding"] == {
        "apiVersion": "tfs-operator.io/v1alpha1",
        "kind": "TFModel",
        "namespace": "ns",
        "name": "mnist",
        "uid": "u1",
    }
    assert event["reportingController"] == "tfs-operator.io/controller"
    assert event["reportingInstance"] == "tfs-operator-abc"
    assert (event["type"], event["reason"], event["action"]) == ("Normal", "VersionAvailable", "Observe")
    assert len(event["eventTime"]) == len("2026-01-01T00:00:00.000000Z")
    assert "series" not in event


async def test_repeats_are_counted_and_written_once_an_interval(recorder, apiserver):
    happen(recorder)
    await seen(apiserver, 1)
    for _ in range(50):
        happen(recorder)
    created, patched = await seen(apiserver, 2)
    assert patched.method == "PATCH"
    assert patched.path.endswith(created.body["metadata"]["name"])
    assert patched.body["series"]["count"] == 51
    assert set(patched.body) == {"series"}, "all else of an event is immutable"


async def test_repeats_before_the_first_write_are_one_event(recorder, apiserver):
    for _ in range(3):
        happen(recorder)
    (created,) = await seen(apiserver, 1)
    assert created.body["series"]["count"] == 3


async def test_a_repeat_during_a_write_is_not_lost(recorder, apiserver, answer):
    apiserver.will(answer(seconds=0.2))
    happen(recorder)
    await seen(apiserver, 1)
    happen(recorder)
    _, patched = await seen(apiserver, 2)
    assert patched.body["series"]["count"] == 2


async def test_different_events_are_different(recorder, apiserver):
    happen(recorder, "one")
    happen(recorder, "two")
    happen(recorder, "one", {"metadata": {"namespace": "ns", "name": "mnist", "uid": "u2"}})
    requests = await seen(apiserver, 3)
    assert len({request.body["metadata"]["name"] for request in requests}) == 3


async def test_after_a_quiet_window_it_is_a_new_event(client, apiserver):
    now = 100.0
    async with running(EventRecorder(client, "pod", interval=0.01, window=5.0, clock=lambda: now)) as recorder:
        happen(recorder)
        await seen(apiserver, 1)
        now += 5.1
        happen(recorder)
        requests = await seen(apiserver, 2)
    assert [request.method for request in requests] == ["POST", "POST"]


async def test_an_expired_event_is_written_anew(recorder, apiserver, answer):
    apiserver.will(answer(), answer({}, 404), answer())
    happen(recorder)
    await seen(apiserver, 1)
    happen(recorder)
    requests = await seen(apiserver, 3)
    assert [request.method for request in requests] == ["POST", "PATCH", "POST"]
    assert requests[2].body["series"]["count"] == 2


async def test_what_is_written_already_is_well(recorder, apiserver, answer, caplog):
    apiserver.will(answer({}, 409), answer())
    happen(recorder)
    await seen(apiserver, 1)
    happen(recorder)
    requests = await seen(apiserver, 2)
    assert [request.method for request in requests] == ["POST", "PATCH"]
    assert not caplog.records


async def test_failures_are_said_once_and_again_after_success(recorder, apiserver, answer, caplog):
    caplog.set_level(logging.WARNING)
    refused = answer({"message": "events is forbidden"}, 403)
    apiserver.will(refused, refused, answer(), refused)
    for number in range(4):
        happen(recorder, f"note {number}")
    await seen(apiserver, 4)
    assert [record.getMessage() for record in caplog.records] == ["cannot write events: events is forbidden"] * 2


async def test_a_series_whose_first_write_failed_is_written_with_its_repeat(recorder, apiserver, answer):
    apiserver.will(answer({}, 403), answer())
    happen(recorder)
    await seen(apiserver, 1)
    happen(recorder)
    requests = await seen(apiserver, 2)
    assert [request.method for request in requests] == ["POST", "POST"]
    assert requests[1].body["series"]["count"] == 2


async def test_notes_are_cut_to_what_the_api_server_takes(recorder, apiserver):
    happen(recorder, "ü" * 5000)
    (request,) = await seen(apiserver, 1)
    note = request.body["note"]
    assert 1020 <= len(note.encode()) <= 1024
    assert note.endswith("ü…")


async def test_events_wait_for_more_urgent_work(client, apiserver, monkeypatch):
    monkeypatch.setattr(events, "PATIENCE_SECONDS", 60.0)
    working = True
    monkeypatch.setattr(asyncio, "sleep", lambda _, sleep=asyncio.sleep: sleep(0))
    async with running(EventRecorder(client, "pod", busy=lambda: working)) as recorder:
        happen(recorder)
        for _ in range(20):
            await asyncio.sleep(0)
        assert apiserver.seen == []
        working = False
        await seen(apiserver, 1)


async def test_events_do_not_wait_for_ever(client, apiserver, monkeypatch):
    monkeypatch.setattr(events, "PATIENCE_SECONDS", 0.1)
    async with running(EventRecorder(client, "pod", busy=lambda: True)) as recorder:
        happen(recorder)
        await seen(apiserver, 1)


async def test_memory_is_bounded(client, apiserver, monkeypatch):
    """Of 100 events 30 may wait to be written, and of these the 20 latest are still known."""
    monkeypatch.setattr(events, "MAX_SERIES", 20)
    monkeypatch.setattr(events, "MAX_PENDING", 30)
    recorder = EventRecorder(client, "pod")
    for number in range(100):
        happen(recorder, f"note {number}")
    async with running(recorder):
        requests = await seen(apiserver, 20)
    assert [request.body["note"] for request in requests] == [f"note {number}" for number in range(10, 30)]


async def test_of_a_flood_the_first_are_told_and_the_others_counted(recorder, apiserver):
    """As of a model server that has other versions each time it is asked."""
    told = [recorder.record(TFMODEL, "Normal", "VersionLoaded", f"version {n}", "Rollout") for n in range(1000)]
    assert told == [n < events.BURST for n in range(1000)]
    requests = await seen(apiserver, int(events.BURST) + 1)
    assert len(requests) == events.BURST + 1
    [summed_up] = [r.body for r in requests if r.body["note"] == events.SUMMED_UP]
    assert summed_up["reason"] == "VersionLoaded"
    assert summed_up["series"]["count"] == 1000 - events.BURST


async def test_a_flood_of_one_tfmodel_costs_no_other_its_events(recorder):
    for number in range(1000):
        happen(recorder, f"version {number}")
    other = {"metadata": {"namespace": "ns", "name": "other", "uid": "u2"}}
    assert recorder.record(other, "Normal", "VersionLoaded", "version 1", "Rollout")


async def test_repeats_cost_nothing_of_the_budget(recorder):
    assert all(recorder.record(TFMODEL, "Normal", "VersionLoaded", "version 1", "Rollout") for _ in range(1000))
    assert recorder.record(TFMODEL, "Normal", "VersionLoaded", "version 2", "Rollout")


async def test_a_note_is_one_line_that_can_be_printed(recorder, apiserver):
    """Half a character, as JSON can have it, cannot be sent."""
    happen(recorder, "two\nlines\x1b[2J \ud83d of a server")
    (request,) = await seen(apiserver, 1)
    assert request.body["note"] == "two lines [2J of a server"

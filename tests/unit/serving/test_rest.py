"""What a pod answers over REST, and what is made of it. Answers as TF Serving gives them."""

import asyncio
import zlib
from typing import Any

import pytest
from aiohttp import web

from tfs_operator.domain.observation import ModelObservation, VersionStatus
from tfs_operator.serving.errors import ModelServerUnreachable
from tfs_operator.serving.rest import MAX_BODY_BYTES, ModelStatusClient

HOST = "127.0.0.1"
STATUS = "/v1/models/mnist"


def version(number: int, state: str = "AVAILABLE", code: str = "OK", message: str = "") -> dict[str, Any]:
    return {
        "version": str(number),
        "state": state,
        "status": {"error_code": code, "error_message": message},
    }


def metadata(number: int) -> dict[str, Any]:
    return {
        "model_spec": {"name": "mnist", "signature_name": "", "version": str(number)},
        "metadata": {"signature_def": {}},
    }


def label_path(label: str) -> str:
    return f"{STATUS}/labels/{label}/metadata"


async def test_versions_in_every_state_and_who_answers_a_label(rest, status_client):
    failed = version(3, "END", "NOT_FOUND", "no saved_model.pb")
    rest.answers = {
        STATUS: {"model_version_status": [failed, version(2), version(1)]},
        label_path("stable"): metadata(1),
        label_path("canary"): metadata(2),
    }
    observation = await status_client.observe(HOST, rest.port, "mnist", ["stable", "canary", "stable"])
    assert observation == ModelObservation(
        versions=(
            VersionStatus(3, "END", "NOT_FOUND", "no saved_model.pb"),
            VersionStatus(2, "AVAILABLE"),
            VersionStatus(1, "AVAILABLE"),
        ),
        labels={"stable": 1, "canary": 2},
    )
    assert sorted(rest.seen) == [STATUS, label_path("canary"), label_path("stable")]


@pytest.mark.parametrize("code", [400, 404])
async def test_a_label_that_nobody_answers_is_absent(rest, status_client, code):
    rest.answers = {
        STATUS: {"model_version_status": [version(1)]},
        label_path("canary"): web.json_response({"error": "Unrecognized servable version label: canary"}, status=code),
    }
    observation = await status_client.observe(HOST, rest.port, "mnist", ["canary"])
    assert observation == ModelObservation((VersionStatus(1, "AVAILABLE"),), {})


async def test_an_unknown_model_has_no_versions(rest, status_client):
    assert await status_client.observe(HOST, rest.port, "mnist", ["stable"]) == ModelObservation((), {})


async def test_names_are_quoted(rest, status_client):
    await status_client.observe(HOST, rest.port, "a/b ?#%ü", ["x/../y"])
    assert sorted(rest.seen) == [
        "/v1/models/a%2Fb%20%3F%23%25%C3%BC",
        "/v1/models/a%2Fb%20%3F%23%25%C3%BC/labels/x%2F..%2Fy/metadata",
    ]


async def test_a_status_without_its_optional_parts(rest, status_client):
    rest.answers = {STATUS: {"model_version_status": [{"version": "1", "state": "START"}]}}
    observation = await status_client.observe(HOST, rest.port, "mnist", [])
    assert observation.versions == (VersionStatus(1, "START"),)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({}, "status is not TF Serving's"),
        ({"model_version_status": [{"version": "one", "state": "END"}]}, "status is not TF Serving's"),
        ({"model_version_status": ["x"]}, "status is not TF Serving's"),
        ({"model_version_status": None}, "status is not TF Serving's"),
        ({"model_version_status": [{"version": "-1", "state": "END"}]}, "a version is not a number from 0"),
        ({"model_version_status": [{"version": "1", "state": "READY"}]}, "in a state that it does not have"),
        ([], "not a JSON object"),
    ],
)
async def test_json_of_another_shape_is_no_answer(rest, status_client, answer, reason):
    rest.answers = {STATUS: answer}
    with pytest.raises(ModelServerUnreachable, match=reason):
        await status_client.observe(HOST, rest.port, "mnist", [])


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (lambda: web.Response(text="<html>"), "not JSON"),
        (lambda: web.Response(text="[" * 100_000), "not JSON"),
        (lambda: web.Response(status=503, text="whatever else listens there says"), "HTTP 503$"),
        (lambda: web.json_response({"error": "overloaded"}, status=503), "HTTP 503: overloaded"),
        (lambda: web.Response(status=302, headers={"Location": "/v1/models/other"}), "HTTP 302"),
        (lambda: web.Response(body=b"x" * (MAX_BODY_BYTES + 1)), "exceeds"),
        (lambda: web.Response(text=f"[{'{},' * 200_000}1]"), "more than 100000 values"),
        (lambda: web.Response(body=zlib.compress(b" " * 50_000_000), headers={"Content-Encoding": "deflate"}), "JSON"),
        (lambda: web.json_response({"error": "\x1b[31m\nall is well\n"}, status=500), r"500: \[31m all is well$"),
    ],
    ids=["html", "deep", "503", "503 of TF Serving", "redirect", "huge", "many values", "compressed", "escapes"],
)
@pytest.mark.parametrize("path", [STATUS, label_path("stable")], ids=["status", "label"])
async def test_what_is_not_an_answer(rest, status_client, response, reason, path):
    rest.answers = {STATUS: {"model_version_status": []}, label_path("stable"): metadata(1), path: response()}
    with pytest.raises(ModelServerUnreachable, match=reason) as raised:
        await status_client.observe(HOST, rest.port, "mnist", ["stable"])
    assert (raised.value.host, raised.value.port) == (HOST, rest.port)


@pytest.mark.parametrize("spec", [{}, {"version": "-1"}, {"version": "9" * 4000}, {"version": None}, []])
async def test_metadata_of_another_shape_is_no_answer(rest, status_client, spec):
    rest.answers = {STATUS: {"model_version_status": []}, label_path("stable"): {"model_spec": spec}}
    with pytest.raises(ModelServerUnreachable, match="metadata is not TF Serving's"):
        await status_client.observe(HOST, rest.port, "mnist", ["stable"])


async def test_a_silent_pod(rest, status_client):
    rest.seconds = 5
    with pytest.raises(ModelServerUnreachable, match="no answer in time"):
        await status_client.observe(HOST, rest.port, "mnist", ["stable"])


async def test_nobody_listens(status_client, unused_tcp_port):
    with pytest.raises(ModelServerUnreachable, match=f"127.0.0.1:{unused_tcp_port}"):
        await status_client.observe(HOST, unused_tcp_port, "mnist", ["stable"])


async def test_requests_in_flight_are_bounded_and_waiting_is_not_silence(rest):
    rest.seconds = 1.2
    rest.answers = {STATUS: {"model_version_status": []}}
    async with ModelStatusClient(timeout_seconds=4.0, max_in_flight=2) as client:  # the last one waits for 3.6 s
        observations = [client.observe(HOST, rest.port, "mnist", []) for _ in range(8)]
        assert await asyncio.gather(*observations) == [ModelObservation((), {})] * 8
    assert rest.busiest == 2


async def test_a_caller_who_gives_up_is_not_told_that_the_pod_is_unreachable(rest, status_client):
    rest.seconds = 5
    task = asyncio.create_task(status_client.observe(HOST, rest.port, "mnist", ["stable"]))
    async with asyncio.timeout(60):
        await rest.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

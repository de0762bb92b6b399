"""A real operator and model servers that answer whatever they like: it says what is wrong with each, and goes on."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bench.usage import peak_memory
from testing.api_client import Api, Manifest
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.fleet import condition, tfmodel, wait_for_children, wait_for_reason
from testing.fleet.model_servers import make_pod, set_deployment_complete
from testing.loopback import fresh_address
from testing.waiting import eventually

MEBIBYTE = 2**20
MOST_EVENTS = 60
"""A TFModel's burst, and what is refilled meanwhile."""
ALTERNATIONS = 300

Reply = Callable[[], bytes]


def status(*versions: object, state: str = "AVAILABLE", message: str = "") -> bytes:
    cause = {"error_code": "UNKNOWN" if message else "OK", "error_message": message}
    found = [{"version": version, "state": state, "status": cause} for version in versions]
    return json.dumps({"model_version_status": found}).encode()


@contextmanager
def hostile_server(reply: Reply) -> Iterator[str]:
    """The address whose port 8501 answers questions of a model by what `reply` returns. It knows no signatures."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            hides = self.path.endswith("/metadata")
            body = b'{"error": "Servable not found for request"}' if hides else reply()
            self.send_response(404 if hides else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                return  # the operator has read enough

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    address = fresh_address()
    with ThreadingHTTPServer((address, 8501), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield address
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def answered_by(api: Api, namespace: str, reply: Reply) -> Iterator[Manifest]:
    """A TFModel whose only pod is ready and answers so."""
    manifest = api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    with hostile_server(reply) as address:
        make_pod(api, manifest, "mnist-a", address)
        set_deployment_complete(api, namespace, "mnist")
        yield manifest
        api.delete("TFModel", namespace, "mnist")
        api.delete("Pod", namespace, "mnist-a")


def still_works(api: Api, namespace: str, operator: OperatorProcess) -> None:
    """Another TFModel of the same operator gets its children."""
    api.create(tfmodel(namespace, "other"))
    wait_for_children(api, namespace, "other")
    assert operator.get("/healthz") == (200, "ok\n")
    assert not [line for line in operator.lines() if "mistake in the operator" in line or "Traceback" in line]


@pytest.mark.parametrize(
    "body",
    [
        status("1", state="READY"),
        status("-1"),
        status("9" * 4_000),
        status("1").replace(b'"1"', b"9" * 5_000),
        status(*map(str, range(110_000))),
        status("1", message="x" * 4 * MEBIBYTE),
        b'{"model_version_status":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"model_version_status":[1,null,{}]}',
        b"\xff\xfe",
    ],
    ids=["state", "negative", "digits", "number", "versions", "long", "nested", "shapes", "no text"],
)
def test_an_answer_that_cannot_be_is_said_to_be_none(
    api: Api, namespace: str, operator: OperatorProcess, body: bytes
) -> None:
    before = peak_memory(operator.process.pid)
    with answered_by(api, namespace, lambda: body):
        found = wait_for_reason(api, namespace, "mnist", "ModelServerUnreachable", "VersionsAvailable")
        assert "mnist-a" in found["message"]
        assert found["message"].isprintable()
        assert len(found["message"]) < 1_000
        still_works(api, namespace, operator)
    assert peak_memory(operator.process.pid) - before < 64 * MEBIBYTE


def test_what_a_server_says_is_shown_on_one_line(api: Api, namespace: str, operator: OperatorProcess) -> None:
    message = "cannot\nload \x1b[2J\u202eit: " + "x" * 10_000
    with answered_by(api, namespace, lambda: status("1", state="END", message=message)):

        def told() -> str:
            return str(condition(api.get("TFModel", namespace, "mnist"), "VersionsAvailable").get("message", ""))

        eventually(lambda: "cannot load" in told(), explain=told)
        assert told().isprintable()
        assert len(told()) < 2_500
        still_works(api, namespace, operator)
    assert "\x1b" not in operator.log.read_text()


def test_a_server_that_answers_otherwise_each_time_floods_nothing(
    api: Api, namespace: str, operator: OperatorProcess
) -> None:
    answers: list[bytes] = []

    def reply() -> bytes:
        answers.append(status(str(1 + len(answers) % 2)))
        return answers[-1]

    with answered_by(api, namespace, reply):
        eventually(lambda: len(answers) > ALTERNATIONS, explain=lambda: len(answers))
        still_works(api, namespace, operator)
        events: list[dict[str, Any]] = api.list("Event", namespace)
        assert len([event for event in events if event["regarding"]["name"] == "mnist"]) <= MOST_EVENTS

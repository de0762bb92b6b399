"""files/test/predict.py, the program of `helm test`, when the Service does not lead to the model at once."""

import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

PROGRAM = Path(__file__).parents[2] / "charts" / "tfs-operator" / "files" / "test" / "predict.py"


class Server(ThreadingHTTPServer):
    statuses: list[int]


class Handler(BaseHTTPRequestHandler):
    """Answers with the next of the server's statuses."""

    server: Server

    def do_POST(self) -> None:
        body = json.dumps({"predictions": [2.5]}).encode()
        self.send_response(self.server.statuses.pop(0))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("predict", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def at(server: Server) -> dict[str, object]:
    endpoint = f"http://127.0.0.1:{server.server_port}"
    return {"metadata": {"name": "half"}, "status": {"endpoints": {"rest": endpoint}}}


def test_it_asks_again_while_somebody_else_answers(program: ModuleType, server: Server) -> None:
    server.statuses = [404, 503, 200]
    assert [program.ask(at(server)) for _ in range(3)] == [None, None, {"predictions": [2.5]}]


def test_a_refusal_by_the_model_ends_the_test(program: ModuleType, server: Server) -> None:
    server.statuses = [400]
    with pytest.raises(program.Failure, match="400"):
        program.ask(at(server))

"""Who asks a label all along has an answer from before the change."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from testing.local_cluster.model_client import AskedModel


class Slow(BaseHTTPRequestHandler):
    """Answers each prediction after a moment, as on a machine that is busy."""

    def do_POST(self) -> None:
        time.sleep(0.2)
        body = json.dumps({"predictions": [[1.0]]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_there_is_an_answer_before_the_block_begins(address: str) -> None:
    with AskedModel(address, "mnist", b"{}").asking("stable") as answers:
        before = len(answers)
    assert before >= 1
    assert len(answers) > before

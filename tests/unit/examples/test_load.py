"""examples/boston/load.py, on a server of this machine whose answers are known."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.examples.example import EXAMPLES, load

SAMPLES = ['{"instances": [[1]]}', '{"instances": [[2]]}']


@dataclass
class Server:
    url: str = ""
    status: int = 200
    answer: Any = field(default_factory=lambda: {"predictions": [1.5]})
    bodies: list[str] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    peers: set[Any] = field(default_factory=set)


def handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            server.paths.add(self.path)
            server.peers.add(self.client_address)
            text = json.dumps(server.answer).encode()
            self.send_response(server.status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()
    listening = ThreadingHTTPServer(("127.0.0.1", 0), handler(state))
    thread = threading.Thread(target=listening.serve_forever, args=(0.05,))
    thread.start()
    state.url = f"http://127.0.0.1:{listening.server_address[1]}"
    yield state
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load(monkeypatch, "boston", "load")


def test_each_request_is_sent_once_and_its_time_is_kept(module: ModuleType, server: Server) -> None:
    result = module.load(server.url, "boston", SAMPLES, count=60, seconds=20, clients=3)
    assert (len(result.milliseconds), result.failures) == (60, [])
    assert server.paths == {"/v1/models/boston:predict"}
    assert sorted(server.bodies) == sorted(SAMPLES * 30)
    assert len(server.peers) >= 6, "a connection carries ten requests"


def test_time_is_a_bound_too(module: ModuleType, server: Server) -> None:
    result = module.load(server.url, "boston", SAMPLES, count=10**9, seconds=0.2, clients=2)
    assert len(result.milliseconds) > 0
    assert 0.2 <= result.seconds < 10


@pytest.mark.parametrize("host", ["10.0.0.1", "192.0.2.7"])
def test_no_other_machine_is_asked(module: ModuleType, host: str) -> None:
    with pytest.raises(ValueError, match="this machine alone"):
        module.load(f"http://{host}:8501", "boston", SAMPLES, count=1, seconds=1, clients=1)


def test_percentiles(module: ModuleType) -> None:
    result = module.Result(seconds=2, milliseconds=[float(n) for n in range(100, 0, -1)], failures=["x"])
    assert [result.percentile(percent) for percent in (50, 95, 99, 100)] == [51, 96, 100, 100]
    assert result.row("1 replica") == "| 1 replica | 101 | 1 | 50 | 51.0 | 96.0 | 100.0 | 100.0 |\n"


def run(server: Server, tmp_path: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    samples = tmp_path / "samples.jsonl"
    samples.write_text("\n".join(SAMPLES))
    command = [sys.executable, str(EXAMPLES / "boston" / "load.py"), "--url", server.url, "--samples", str(samples)]
    return subprocess.run([*command, "--requests", "20", *options], capture_output=True, text=True, timeout=60)


def test_the_table_has_a_row_for_each_run(server: Server, tmp_path: Path) -> None:
    table = tmp_path / "load.md"
    for name in ("1 replica", "2 replicas"):
        done = run(server, tmp_path, "--name", name, "--table", str(table))
        assert done.returncode == 0, done.stderr
    rows = [line.split(" | ")[:3] for line in done.stdout.splitlines()]
    assert rows[0][0] == "| run"
    assert rows[2:] == [["| 1 replica", "20", "0"], ["| 2 replicas", "20", "0"]]


@pytest.mark.parametrize(("status", "answer"), [(503, {"error": "busy"}), (200, {"error": "busy"})])
def test_a_refusal_is_counted_and_said(server: Server, tmp_path: Path, status: int, answer: Any) -> None:
    server.status, server.answer = status, answer
    done = run(server, tmp_path)
    assert done.returncode == 1
    assert "20 requests failed; the first: " in done.stderr
    assert "busy" in done.stderr

"""Model servers as processes of their own, on free ports of one loopback address."""

import os
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from testing.conformance.clients import Grpc, Rest
from testing.loopback import free_ports
from testing.waiting import eventually

_DOUBLE = Path(__file__).resolve().parents[1] / "model_server"
_ADDRESS = "127.0.0.1"


class ServerProcess:
    """A server that was started with some flags; not necessarily one that answers already."""

    def __init__(self, command: Sequence[str], flags: Sequence[str], folder: Path) -> None:
        self.rest_port, self.grpc_port = free_ports(2)
        self._log = folder / f"server-{self.rest_port}.log"
        ports = [f"--port={self.grpc_port}", f"--rest_api_port={self.rest_port}"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *ports, *flags], stdout=log, stderr=subprocess.STDOUT, env=_environment()
            )
        self.rest = Rest(f"http://{_ADDRESS}:{self.rest_port}")
        self.grpc = Grpc(f"{_ADDRESS}:{self.grpc_port}")

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def is_listening(self) -> bool:
        """Whether the REST port, the last to open, accepts connections."""
        return _accepts(self.rest_port)

    def is_grpc_listening(self) -> bool:
        return _accepts(self.grpc_port)

    def until_ready(self) -> "ServerProcess":
        eventually(lambda: self.is_listening() or self._fail_if_gone())
        return self

    def until_logged(self, text: str, times: int = 1) -> None:
        eventually(lambda: self.log.count(text) >= times or self._fail_if_gone())

    def until_exit(self) -> int:
        return self.process.wait(60)

    def stop(self) -> None:
        self.grpc.close()
        self.process.kill()
        self.process.wait()

    def _fail_if_gone(self) -> bool:
        assert self.process.poll() is None, f"exited with {self.process.returncode}:\n{self.log}"
        return False


def _accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((_ADDRESS, port)) == 0


def _environment() -> dict[str, Any]:
    return {**os.environ, "PYTHONPATH": str(_DOUBLE), "TFS_DOUBLE_BIND_ADDRESS": _ADDRESS}

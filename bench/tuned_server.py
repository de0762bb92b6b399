"""The test double, started as a pod would start it: with the flags and files that a TFModel is rendered to."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testing.fleet.model_servers import DOUBLE
from testing.http_probe import is_well
from testing.loopback import free_ports
from testing.waiting import DeadlineError, eventually
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.model_config import aspired_config
from tfs_operator.render import Settings, children
from tfs_operator.render.ports import GRPC_PORT, REST_PORT
from tfs_operator.render.volumes import CONFIG_PATH

ADDRESS = "127.0.0.1"
MODEL = "boston"
START_SECONDS = 60
METRICS = "/monitoring/prometheus/metrics"

Spec = Mapping[str, Any]
"""`spec.server` of a TFModel."""


class NoStart(Exception):
    """The server ended, or did not listen in time; the message has the end of its log."""


@dataclass(frozen=True)
class TunedServer:
    """A server that answers. `start_seconds`: from the start of its process to its first answer about its status."""

    pid: int
    rest_port: int
    grpc_port: int
    start_seconds: float

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}:{self.rest_port}"

    @property
    def cpu_seconds(self) -> float:
        """Of all its threads, since its start."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metric(self, series: str) -> float:
        """0 for one that is not there yet."""
        with urllib.request.urlopen(self.url + METRICS, timeout=10) as page:
            lines = page.read().decode().splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == series), 0.0)


@contextmanager
def tuned_server(base_path: Path, server: Spec, folder: Path) -> Iterator[TunedServer]:
    """Serves `base_path` until the end of the block; files and log go to `folder`."""
    ports = free_ports(2)
    command = [sys.executable, "-m", "model_server", *_arguments(base_path, server, folder, ports)]
    environment = {**os.environ, "PYTHONPATH": str(DOUBLE), "TFS_DOUBLE_BIND_ADDRESS": ADDRESS}
    log = folder / "server.log"
    with log.open("wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        _await(process, ports[1], log)
        yield TunedServer(process.pid, ports[1], ports[0], time.monotonic() - began)
    finally:
        process.kill()
        process.wait()


def _arguments(base_path: Path, server: Spec, folder: Path, ports: Sequence[int]) -> list[str]:
    """As the container has them, but for the ports and the place of the files."""
    manifest = {
        "apiVersion": "tfs-operator.io/v1alpha1",
        "kind": "TFModel",
        "metadata": {"name": MODEL},
        "spec": {"modelUri": f"file://{base_path.resolve()}", "server": dict(server)},
    }
    tfmodel = TFModel.parse(manifest)
    rendered = children(tfmodel, aspired_config(MODEL, tfmodel.spec), Settings())
    [config_map] = [child for child in rendered if child["kind"] == "ConfigMap"]
    [deployment] = [child for child in rendered if child["kind"] == "Deployment"]
    for name, text in config_map["data"].items():
        (folder / name).write_text(text)
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    moved = {
        f"--port={GRPC_PORT}": f"--port={ports[0]}",
        f"--rest_api_port={REST_PORT}": f"--rest_api_port={ports[1]}",
    }
    return [moved.get(flag, flag.replace(f"={CONFIG_PATH}/", f"={folder}/")) for flag in container["args"]]


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    def serves() -> bool:
        if process.poll() is not None:
            raise NoStart(f"the model server ended with status {process.returncode}: {end()}")
        return is_well(f"http://{ADDRESS}:{port}/v1/models/{MODEL}", seconds=5)

    def end() -> str:
        return log.read_text(errors="replace")[-2000:]

    try:
        eventually(serves, START_SECONDS, end, what="the model server to serve", interval=0.02)
    except DeadlineError as error:
        raise NoStart(str(error)) from error

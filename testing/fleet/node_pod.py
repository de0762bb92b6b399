"""One pod on the tests' node: what a kubelet does for it, with a process of the test double as its container."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from testing.api_client import Api, Manifest
from testing.fleet.model_servers import DOUBLE
from testing.fleet.node_tls import TlsContainer
from testing.http_probe import is_well
from testing.loopback import fresh_address
from tfs_operator.cluster.kinds import RESOURCES
from tfs_operator.render.tls import TLS_PATH
from tfs_operator.render.volumes import CONFIG_PATH

BACK_OFF_SECONDS = 0.3
"""A kubelet's first is 10 s; it doubles from there, up to `BACK_OFF_LIMIT`."""
BACK_OFF_LIMIT = 2.4
LAST_WORDS = 2048
"""Bytes of the log that `terminationMessagePolicy: FallbackToLogsOnError` takes."""


class NodePod:
    """A Pod object and its process. `tick` brings it on; the process is told of by the pod's status only."""

    def __init__(self, api: Api, namespace: str, name: str, template: Manifest, folder: Path) -> None:
        """Creates the Pod from a pod template; `folder` takes its configuration and logs."""
        self.name = name
        self.template = template
        self.address = fresh_address()
        self.ready = False
        self._api = api
        self._folder = folder
        self._namespace = namespace
        metadata = {**template["metadata"], "name": name, "namespace": namespace}
        spec = {**template["spec"], "nodeName": "node"}
        self._manifest = api.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        self.restarts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._last_state: Manifest = {}
        self._started_at = self._turned_at = _now()
        self._start_at = 0.0
        folder.mkdir(parents=True)
        self._tls = TlsContainer(api, self._manifest, folder)

    @property
    def log(self) -> Path:
        """What the container that runs now has written."""
        return self._folder / f"server-{self.restarts}.log"

    def reloads(self) -> int:
        """Configurations that it took or refused since its container started."""
        return sum("model_service_impl.cc" in line for line in self.log.read_text().splitlines())

    def tick(self) -> None:
        """Starts the container, or starts it again after a back-off; probes it until it is ready."""
        if self._process is None:
            if time.monotonic() >= self._start_at:
                self._start()
        elif (code := self._process.poll()) is not None:
            self._end(code)
        elif not self.ready and self._answers():
            self._turn(ready=True)
            self._tell({"running": {"startedAt": self._started_at}})

    def kill(self) -> None:
        """SIGKILL to the container's process; it is started again in the same pod."""
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        """The process answers nobody from now on. The pod stays ready: nobody has probed it yet."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Undoes `freeze`."""
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        """The pod is deleted: terminating first, then its process ends at once, then it is gone."""
        path = RESOURCES["Pod"].path(self._namespace, self.name)
        self._api.request("DELETE", path)
        self.end()
        self._api.request("DELETE", path, {"gracePeriodSeconds": 0})

    def end(self) -> None:
        """Ends the process, and waits for that."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, f"{self.name} has no running container"
        self._process.send_signal(number)

    # the container

    def _start(self) -> None:
        """With what the ConfigMap holds now, or later, when there is no ConfigMap yet."""
        if not self._write_config() or not self._has_tls():
            return
        if self._last_state:
            self.restarts += 1
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                self._command(), env=self._environment(), stdout=output, stderr=output, start_new_session=True
            )
        self._started_at = _now()
        self._tell({"running": {"startedAt": self._started_at}})

    def _write_config(self) -> bool:
        volumes = self._manifest["spec"]["volumes"]
        name = next(volume["configMap"]["name"] for volume in volumes if volume["name"] == "config")
        config_map = self._api.get("ConfigMap", self._namespace, name)
        for file, text in (config_map or {}).get("data", {}).items():
            (self._folder / file).write_text(text)
        return config_map is not None

    def _has_tls(self) -> bool:
        """Its init container runs once, or again and again until it succeeds."""
        if self._tls.is_done:
            return True
        self._tls.run()
        self._start_at = time.monotonic() + BACK_OFF_LIMIT
        if not self._tls.is_done:
            self._tell({"waiting": {"reason": "PodInitializing"}})
        return self._tls.is_done

    def _command(self) -> list[str]:
        """As the operator has rendered it, but for the places where files lie."""
        flags = list(self._container["args"])
        for path in (CONFIG_PATH, TLS_PATH):
            flags = [flag.replace(f"={path}/", f"={self._folder}/") for flag in flags]
        return [sys.executable, "-m", "model_server", *flags]

    def _environment(self) -> dict[str, str]:
        chosen = {variable["name"]: variable["value"] for variable in self._container.get("env", [])}
        return {**os.environ, "PYTHONPATH": str(DOUBLE), "TFS_DOUBLE_BIND_ADDRESS": self.address, **chosen}

    @property
    def _container(self) -> Manifest:
        containers: list[Manifest] = self._manifest["spec"]["containers"]
        return containers[0]

    def _answers(self) -> bool:
        """The readiness probe, as rendered."""
        probe = self._container["readinessProbe"]["httpGet"]
        return is_well(f"http://{self.address}:{probe['port']}{probe['path']}", seconds=2)

    def _end(self, code: int) -> None:
        words = self.log.read_bytes()[-LAST_WORDS:].decode(errors="replace")
        exit_code = 128 - code if code < 0 else code
        times = {"startedAt": self._started_at, "finishedAt": _now()}
        ended = {"exitCode": exit_code, "reason": "Error", "message": words, **times}
        self._process = None
        self._turn(ready=False)
        self._start_at = time.monotonic() + min(BACK_OFF_SECONDS * 2**self.restarts, BACK_OFF_LIMIT)
        self._last_state = {"terminated": ended}
        self._tell({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off before the next start"}})

    # the status

    def _turn(self, *, ready: bool) -> None:
        """As a kubelet does: a condition's time is that of its last change, however often it is written."""
        if ready != self.ready:
            self.ready, self._turned_at = ready, _now()

    def _tell(self, state: Manifest) -> None:
        status = {
            "phase": "Running",
            "podIP": self.address,
            "podIPs": [{"ip": self.address}],
            "conditions": list(self._conditions()),
            "initContainerStatuses": self._tls.statuses(),
            "containerStatuses": [self._container_status(state)],
        }
        self._api.patch("Pod", self._namespace, self.name, {"status": status}, "status")

    def _conditions(self) -> Iterator[Manifest]:
        yield {"type": "PodScheduled", "status": "True", "lastTransitionTime": _now()}
        for kind in ("ContainersReady", "Ready"):
            yield {"type": kind, "status": str(self.ready), "lastTransitionTime": self._turned_at}

    def _container_status(self, state: Manifest) -> dict[str, Any]:
        return {
            "name": self._container["name"],
            "image": self._container["image"],
            "imageID": "",
            "ready": self.ready,
            "started": self.ready,
            "restartCount": self.restarts,
            "state": state,
            "lastState": self._last_state,
        }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

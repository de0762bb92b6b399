"""One pod on the tests' node: what a kubelet does for it, with a process of the test double as its container."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from testing.api_client import Api, Manifest
from testing.fleet.model_servers import DOUBLE
from testing.fleet.node_agent import NodeAgent
from testing.fleet.node_tls import TlsContainer
from testing.http_probe import is_well
from testing.loopback import fresh_address
from testing.replica_set import made_by
from tfs_operator.cluster.kinds import RESOURCES
from tfs_operator.domain.location import Claim
from tfs_operator.render.tls import TLS_PATH
from tfs_operator.render.volumes import CONFIG_PATH, STARTING_PATH

BACK_OFF_SECONDS = 0.3
"""A kubelet's first is 10 s; it doubles from there, up to `BACK_OFF_LIMIT`."""
BACK_OFF_LIMIT = 2.4
FAILURE_THRESHOLD = 3
LAST_WORDS = 2048
"""Bytes of the log that `terminationMessagePolicy: FallbackToLogsOnError` takes."""


class NodePod:
    """A Pod object and its process. `tick` brings it on; the process is told of by the pod's status only."""

    def __init__(
        self,
        api: Api,
        namespace: str,
        name: str,
        template: Manifest,
        folder: Path,
        claims: Mapping[str, Path] | None = None,
    ) -> None:
        """Creates the Pod from a pod template; its name is the Deployment's with a number. `folder` takes its
        configuration and logs. `claims` has where the claims that it mounts lie on this machine."""
        self.name = name
        self.template = template
        self.address = fresh_address()
        self.ready = False
        self.keeps_probing = False
        """Probes it also once it is ready, so that it may stop being so."""

        self._failed_probes = 0
        self._is_cut_off = False
        self._api = api
        self._folder = folder
        self._namespace = namespace
        metadata = made_by(name.rpartition("-")[0], {**template["metadata"], "name": name, "namespace": namespace})
        spec = {**template["spec"], "nodeName": "node"}
        self._manifest = api.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        self.restarts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._last_state: Manifest = {}
        self._started_at = self._turned_at = _now()
        self._start_at = 0.0
        (folder / "starting").mkdir(parents=True)
        self._tls = TlsContainer(api, self._manifest, folder)
        self._mounts = {Claim(claim, "").mount_path: str(place) for claim, place in (claims or {}).items()}
        self._agent = NodeAgent(self._manifest, self.address, self._places, self._mounts)
        self._is_configured = self._is_held = False

    @property
    def log(self) -> Path:
        """What the container that runs now has written."""
        return self._folder / f"server-{self.restarts}.log"

    def reloads(self) -> int:
        """Configurations that it took or refused since its container started."""
        return sum("model_service_impl.cc" in line for line in self.log.read_text().splitlines())

    def tick(self) -> None:
        """Starts the container, or starts it again after a back-off; probes it until it is ready."""
        if self._is_cut_off:
            return
        if self._process is None:
            if time.monotonic() >= self._start_at:
                self._start()
        elif (code := self._process.poll()) is not None:
            self._end(code)
        elif not self.ready or self.keeps_probing:
            self._probe()

    def _probe(self) -> None:
        """As a kubelet does, with less time between two: the first success counts, and the third failure in a row."""
        well = self._answers()
        self._failed_probes = 0 if well else self._failed_probes + 1
        turned = well if not self.ready else not well and self._failed_probes >= FAILURE_THRESHOLD
        if turned:
            self._turn(ready=well)
            self._tell({"running": {"startedAt": self._started_at}})

    def kill(self) -> None:
        """SIGKILL to the container's process; it is started again in the same pod."""
        self._signal(signal.SIGKILL)

    def cut_off(self) -> None:
        """Its node reports no more, so that the cluster counts it as not ready; its server runs, and answers."""
        self._is_cut_off = True
        self._turn(ready=False)
        self._tell({"running": {"startedAt": self._started_at}})

    def freeze(self) -> None:
        """The process answers nobody from now on. The pod stays ready: nobody has probed it yet."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Undoes `freeze`."""
        self._signal(signal.SIGCONT)

    def die(self, reason: str, message: str) -> None:
        """The pod is dead, as after an eviction: its process has ended, and the Pod object stays."""
        self.end()
        times = {"startedAt": self._started_at, "finishedAt": _now()}
        ended = {"terminated": {"exitCode": 137, "reason": "Error", **times}}
        self._turn(ready=False)
        self._tell(ended, phase="Failed", reason=reason, message=message)

    def remove(self) -> None:
        """The pod is deleted: terminating first, then its process ends at once, then it is gone."""
        path = RESOURCES["Pod"].path(self._namespace, self.name)
        self._api.request("DELETE", path)
        self.end()
        self._api.request("DELETE", path, {"gracePeriodSeconds": 0})

    def end(self) -> None:
        """Ends the process and the agent, and waits for that."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
        self._agent.end()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, f"{self.name} has no running container"
        self._process.send_signal(number)

    # the container

    def _start(self) -> None:
        """With what the ConfigMap holds now, or later, when there is no ConfigMap yet."""
        if not self._write_config() or not self._has_tls() or not self._agent_lets_it_start():
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
        """Once: a kubelet takes a minute or two to bring a change. A container that starts again finds the old one."""
        if self._is_configured:
            return True
        volumes = self._manifest["spec"]["volumes"]
        name = next(volume["configMap"]["name"] for volume in volumes if volume["name"] == "config")
        config_map = self._api.get("ConfigMap", self._namespace, name)
        for file, text in (config_map or {}).get("data", {}).items():
            (self._folder / file).write_text(text)
        self._is_configured = config_map is not None
        return self._is_configured

    def _has_tls(self) -> bool:
        """Its init container runs once, or again and again until it succeeds."""
        if self._tls.is_done:
            return True
        self._tls.run()
        self._start_at = time.monotonic() + BACK_OFF_LIMIT
        if not self._tls.is_done:
            self._tell({"waiting": {"reason": "PodInitializing"}})
        return self._tls.is_done

    def _agent_lets_it_start(self) -> bool:
        """Its sidecar starts with the pod, and is asked as long as it holds the server back."""
        self._agent.start()
        if self._agent.lets_the_server_start():
            return True
        if not self._is_held:
            self._tell({"waiting": {"reason": "PodInitializing"}})
        self._is_held = True
        return False

    @property
    def _places(self) -> dict[str, str]:
        """Where the paths of the pod's volumes lie on this machine."""
        folder = str(self._folder)
        return {CONFIG_PATH: folder, TLS_PATH: folder, STARTING_PATH: f"{folder}/starting"}

    def _command(self) -> list[str]:
        """As the operator has rendered it, but for the places where files lie."""
        flags = list(self._container["args"])
        for path, place in self._places.items():
            flags = [flag.replace(f"={path}/", f"={place}/") for flag in flags]
        return [sys.executable, "-m", "model_server", *flags]

    def _environment(self) -> dict[str, str]:
        chosen = {variable["name"]: variable["value"] for variable in self._container.get("env", [])}
        mounts = ":".join(f"{path}={place}" for path, place in self._mounts.items())
        ours = {"PYTHONPATH": str(DOUBLE), "TFS_DOUBLE_BIND_ADDRESS": self.address, "TFS_DOUBLE_MOUNTS": mounts}
        return {**os.environ, **ours, **chosen}

    @property
    def _container(self) -> Manifest:
        containers: list[Manifest] = self._manifest["spec"]["containers"]
        return containers[0]

    def _answers(self) -> bool:
        """The readiness probes of the server and of the agent, as rendered."""
        probe = self._container["readinessProbe"]["httpGet"]
        is_up = is_well(f"http://{self.address}:{probe['port']}{probe['path']}", seconds=2)
        return is_up and self._agent.is_ready()

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

    def _tell(self, state: Manifest, **pod: str) -> None:
        """`pod`: what the status says of the pod as a whole, if it does not simply run."""
        status = {
            "phase": "Running",
            **pod,
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

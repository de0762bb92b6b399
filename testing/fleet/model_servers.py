"""Model servers as processes on loopback addresses of their own, and pods that stand for them.

There is no kubelet in this tier: a test makes the Pod objects and gives them the address of a test double, which
listens on the ports that the operator expects, 8500 and 8501, of that address.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testing.api_client import Api, Manifest
from testing.replica_set import made_by
from testing.waiting import eventually
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.model_config import aspired_config
from tfs_operator.render.deployment import MODELS_DIGEST_ANNOTATION, models_digest

DOUBLE = Path(__file__).parents[1] / "model_server"
START_SECONDS = 60.0


@dataclass(frozen=True)
class ModelServer:
    """A running model server."""

    address: str
    log: Path

    def reloads(self) -> int:
        """Configurations that it took or refused since its start."""
        return sum("model_service_impl.cc" in line for line in self.log.read_text().splitlines())


@contextmanager
def model_server(address: str, config: str, folder: Path) -> Iterator[ModelServer]:
    """A test double that has started with `config`, in text format."""
    config_file, log = folder / f"{address}.config", folder / f"{address}.log"
    config_file.write_text(config)
    command = [
        *(sys.executable, "-m", "model_server", "--port=8500", "--rest_api_port=8501"),
        *(f"--model_config_file={config_file}", "--allow_version_labels_for_unavailable_models=true"),
        *("--max_num_load_retries=2", "--load_retry_interval_micros=200000"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(DOUBLE), "TFS_DOUBLE_BIND_ADDRESS": address}
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, env=environment) as process:
        try:
            eventually(lambda: "Exporting HTTP/REST API" in log.read_text(), START_SECONDS, log.read_text)
            yield ModelServer(address, log)
        finally:
            process.kill()


def make_pod(api: Api, tfmodel: Manifest, name: str, address: str) -> None:
    """A ready pod of the TFModel, as the Deployment's controllers and a kubelet would have made it."""
    parsed = TFModel.parse(tfmodel)
    namespace = tfmodel["metadata"]["namespace"]
    digest = models_digest(aspired_config(parsed.metadata.name, parsed.spec))
    labels = {
        "app.kubernetes.io/name": "tensorflow-serving",
        "app.kubernetes.io/instance": parsed.metadata.name,
        "app.kubernetes.io/managed-by": "tfs-operator",
    }
    metadata = {
        "name": name,
        "namespace": namespace,
        "labels": labels,
        "annotations": {MODELS_DIGEST_ANNOTATION: digest},
    }
    containers = [{"name": "model-server", "image": "example/server:1"}]
    metadata = made_by(parsed.metadata.name, metadata)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}}
    api.create({**pod, "spec": {**pod["spec"], "nodeName": "node"}})  # type: ignore[dict-item]  # a manifest is any JSON
    ready = {"conditions": [{"type": "Ready", "status": "True"}], "podIP": address, "podIPs": [{"ip": address}]}
    api.patch("Pod", namespace, name, {"status": {"phase": "Running", **ready}}, "status")


def set_deployment_complete(api: Api, namespace: str, name: str) -> None:
    """What the Deployment's controller would say once all replicas are ready."""
    deployment = api.get("Deployment", namespace, name)
    assert deployment is not None
    replicas = deployment["spec"]["replicas"]
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), replicas)
    status = {**counts, "observedGeneration": deployment["metadata"]["generation"]}
    api.patch("Deployment", namespace, name, {"status": status}, "status")

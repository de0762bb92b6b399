"""On what it was measured."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from testing.local_cluster.chart import Images
from testing.local_cluster.kubectl import Kubectl


@dataclass(frozen=True)
class Machine:
    """`load` is the load average of the minute before; `kubelet_sync`: how often the kubelet renews mounted ConfigMaps,
    its `syncFrequency`, such as "1m0s"."""

    cores: int
    memory_gib: int
    processor: str
    kubernetes: str
    server: str
    server_is_the_double: bool
    load: float
    kubelet_sync: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        double = ", the test double of TensorFlow Serving" if self.server_is_the_double else ""
        return (
            f"{self.cores} cores ({self.processor}), {self.memory_gib} GiB, Kubernetes {self.kubernetes} in kind on"
            f" one node, {self.server}{double}; load average before: {self.load:.1f}"
        )


def machine(kubectl: Kubectl, images: Images) -> Machine:
    """As the node says it: with Docker Desktop that is a smaller machine within this one."""
    item = json.loads(kubectl("get", "nodes", "--output", "json"))["items"][0]
    node = item["status"]
    return Machine(
        cores=int(node["capacity"]["cpu"]),
        memory_gib=round(int(node["capacity"]["memory"].removesuffix("Ki")) / 2**20),
        processor=processor(),
        kubernetes=node["nodeInfo"]["kubeletVersion"],
        server=images.server,
        server_is_the_double=images.server_is_the_double,
        load=os.getloadavg()[0],
        kubelet_sync=_kubelet_sync(kubectl, item["metadata"]["name"]),
    )


def _kubelet_sync(kubectl: Kubectl, node: str) -> str:
    """By the kubelet's own word, through the API server."""
    configuration = json.loads(kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/configz"))
    return str(configuration["kubeletconfig"]["syncFrequency"])


def cores_text() -> str:
    """Returns this machine's cores as reports name them: `2 cores (AMD EPYC)`."""
    return f"{os.cpu_count()} cores ({processor()})"


def processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()

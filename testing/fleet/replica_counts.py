"""Every count of replicas that a Deployment has had, and an autoscaler's way to set it."""

import json
import ssl
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import yaml

from testing.api_client import Api, Manifest
from tfs_operator.cluster.kinds import RESOURCES

WATCH_SECONDS = 1


def scale(api: Api, kind: str, namespace: str, name: str, replicas: int) -> None:
    """As kube-controller-manager's HorizontalPodAutoscaler does, and `kubectl scale`: an update of the subresource."""
    path = RESOURCES[kind].path(namespace, name, "scale")
    found = api.request("GET", path)
    manager = "kube-controller-manager"
    api.request("PUT", f"{path}?fieldManager={manager}", {**found, "spec": {"replicas": replicas}})


def counts_since(kubeconfig: Path, deployment: Manifest) -> list[int]:
    """`spec.replicas` in every state of the Deployment since this one, in order, read from the API server's history."""
    metadata = deployment["metadata"]
    query = {
        "watch": "1",
        "resourceVersion": metadata["resourceVersion"],
        "timeoutSeconds": WATCH_SECONDS,
        "fieldSelector": f"metadata.name={metadata['name']}",
    }
    return [
        deployment["spec"]["replicas"],
        *(item["spec"]["replicas"] for item in _watched(kubeconfig, metadata, query)),
    ]


def _watched(kubeconfig: Path, metadata: Manifest, query: Manifest) -> list[Manifest]:
    config = yaml.safe_load(kubeconfig.read_text())
    server, token = config["clusters"][0]["cluster"]["server"], config["users"][0]["user"]["token"]
    path = RESOURCES["Deployment"].path(metadata["namespace"])
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    request = urllib.request.Request(f"{server}{path}?{urlencode(query)}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30, context=tls) as lines:
        return [json.loads(line)["object"] for line in lines]

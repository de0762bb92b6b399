"""Installs the real definition of KEDA's ScaledObject in a control plane; KEDA itself does not run."""

import subprocess
from pathlib import Path

import yaml

from testing.api_client import Api, Manifest
from testing.control_plane.control_plane import ROOT
from testing.control_plane.crd import DEFINITIONS
from testing.waiting import eventually

NAME = "scaledobjects.keda.sh"
TRIGGERS = [{"type": "cron", "metadata": {"timezone": "Etc/UTC", "start": "0 8 * * *", "end": "0 18 * * *"}}]
KEDA: Manifest = {
    "minReplicas": 0,
    "maxReplicas": 4,
    "behavior": {"scaleDown": {"stabilizationWindowSeconds": 600}},
    "keda": {
        "triggers": TRIGGERS,
        "pollingInterval": 15,
        "cooldownPeriod": 600,
        "initialCooldownPeriod": 60,
        "fallback": {"failureThreshold": 3, "replicas": 2},
    },
}
"""A `spec.autoscaling` by which KEDA scales."""


def install_keda(api: Api) -> None:
    """Creates the definition of ScaledObjects and waits until it is served."""
    path = subprocess.run(
        [ROOT / "hack/keda-crd.sh"], stdout=subprocess.PIPE, text=True, check=True, timeout=600
    ).stdout
    api.request("POST", DEFINITIONS, yaml.safe_load(Path(path.strip()).read_text()))
    eventually(lambda: _is_served(api))


def uninstall_keda(api: Api) -> None:
    """Deletes the definition, and so every ScaledObject, if it is there."""
    if _is_served(api):
        api.request("DELETE", f"{DEFINITIONS}/{NAME}")
        eventually(lambda: not _is_served(api))


def _is_served(api: Api) -> bool:
    return any(group["name"] == "keda.sh" for group in api.request("GET", "/apis")["groups"])

"""The chart looks at what it upgrades: an operator that knows no Lease must have ended before the next one starts."""

import subprocess
from typing import Any

import pytest
import yaml

from testing.api_client import Api
from testing.control_plane.control_plane import ROOT, TESTER, ControlPlane, binary

ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def strategy(plane: ControlPlane, namespace: str) -> dict[str, Any]:
    """As helm renders it with the live cluster in sight, as `helm upgrade` does."""
    chart = str(ROOT / "charts/tfs-operator")
    command = [str(binary("helm")), "template", "tfs-operator", chart, "--dry-run=server"]
    command += [f"--namespace={namespace}", f"--kubeconfig={plane.kubeconfig(TESTER)}", "--set=crds.install=false"]
    rendered = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    deployments = [each for each in yaml.safe_load_all(rendered) if each and each["kind"] == "Deployment"]
    return dict(deployments[0]["spec"]["strategy"])


def live_operator(namespace: str, *args: str) -> dict[str, Any]:
    labels = {"app": "operator"}
    container = {"name": "operator", "image": "example/operator:1", "args": list(args)}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    metadata = {
        "name": "tfs-operator",
        "namespace": namespace,
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "tfs-operator", "meta.helm.sh/release-namespace": namespace},
    }
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def test_a_new_installation_rolls(control_plane: ControlPlane, namespace: str) -> None:
    assert strategy(control_plane, namespace) == ROLLING


@pytest.mark.parametrize(
    ("args", "expected"),
    [(["--workers=4"], {"type": "Recreate"}), ([], {"type": "Recreate"}), (["--leader-elect"], ROLLING)],
)
def test_an_upgrade_of_one_without_a_lease_stops_it_first(
    control_plane: ControlPlane, api: Api, namespace: str, args: list[str], expected: dict[str, Any]
) -> None:
    api.create(live_operator(namespace, *args))
    assert strategy(control_plane, namespace) == expected

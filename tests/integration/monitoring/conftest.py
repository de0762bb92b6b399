"""One scene for a module: models that are served, fetched, rolled out and asked, and a Prometheus that sees it."""

import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from testing.api_client import Api
from testing.control_plane.control_plane import ROOT, binary
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.model_folder import ModelFolder
from testing.fleet.served import NAME, Served, serving
from testing.monitoring.prometheus import Job, Prometheus, Target, running_prometheus
from testing.monitoring.traffic import asked
from testing.stores.fixtures import s3_server
from testing.stores.proxy import faults_before
from testing.stores.s3 import S3Server
from tests.integration.monitoring.fetched import fetched

__all__ = ["s3_server"]

CHART = ROOT / "charts" / "tfs-operator"
RULES = CHART / "files" / "rules.yaml"
DAMAGED = 4
Monitors = dict[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def monitors() -> Monitors:
    """The chart's PodMonitors: of the model servers, and of the operator."""
    command: list[str | Path] = [binary("helm3"), "template", "tfs-operator", CHART, "--kube-version=1.35.4"]
    options = [
        "--set=monitoring.podMonitor.enabled=true,monitoring.podMonitor.fetchers=true",
        "--show-only=templates/monitoring-podmonitors.yaml",
    ]
    result = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60, check=True)
    return {each["metadata"]["name"]: each for each in yaml.safe_load_all(result.stdout)}


@pytest.fixture(scope="module")
def fleet(
    api: Api, operator: OperatorProcess, folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Two replicas that serve version 1 as stable, in batches."""
    with serving(api, folder, tmp_path_factory.mktemp("pods"), server={"batching": {}}) as served:
        yield served


@pytest.fixture(scope="module")
def fetcher_address(
    api: Api, operator: OperatorProcess, s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Of a pod that is fetching."""
    namespace = f"test-{uuid.uuid4().hex[:8]}"
    api.create_namespace(namespace)
    bucket = s3_server.make_bucket(namespace)
    with faults_before(s3_server.url) as proxy:
        try:
            with fetched(api, namespace, tmp_path_factory.mktemp("fetched"), s3_server, proxy, bucket) as address:
                yield address
        finally:
            api.delete("TFModel", namespace, "fetched")


@pytest.fixture(scope="module")
def prometheus(
    monitors: Monitors,
    operator: OperatorProcess,
    fleet: Served,
    fetcher_address: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Prometheus]:
    """It scrapes before anything moves, so that it sees counters grow."""
    jobs = _jobs(monitors, operator, fleet, fetcher_address)
    with running_prometheus(tmp_path_factory.mktemp("prometheus"), jobs, RULES) as prometheus:
        yield prometheus


def _jobs(monitors: Monitors, operator: OperatorProcess, fleet: Served, fetcher_address: str) -> list[Job]:
    models, own = monitors["tfs-operator-models"], monitors["tfs-operator"]
    rest, fetch = models["spec"]["podMetricsEndpoints"]
    [http] = own["spec"]["podMetricsEndpoints"]
    servers = [Target(f"{pod.address}:8501", _meta(fleet.namespace, NAME, pod.name)) for pod in fleet.pods]
    fetchers = [Target(f"{fetcher_address}:8502", _meta(fleet.namespace, "fetched", "fetched-1"))]
    operators = [Target(operator.url.removeprefix("http://"), {})]
    by_itself = {"namespace": "tfs-operator", "pod": "tfs-operator-0"}
    return [
        Job("rest", models, rest, servers, {}),
        Job("fetch", models, fetch, fetchers, {}),
        Job("operator", own, http, operators, by_itself),
    ]


def _meta(namespace: str, name: str, pod: str) -> dict[str, str]:
    return {"namespace": namespace, "pod_name": pod, "pod_label_app_kubernetes_io_instance": name}


@pytest.fixture(scope="module")
def story(prometheus: Prometheus, fleet: Served, folder: ModelFolder) -> Iterator[Prometheus]:
    """A canary that becomes stable, and a damaged version, under load; the load goes on."""
    with asked([pod.address for pod in fleet.pods], NAME):
        fleet.edit(versionLabels={"canary": 2})
        fleet.until_done()
        fleet.edit(versionLabels={"stable": 2})
        fleet.until_done()
        folder.publish_damaged(DAMAGED)
        fleet.edit(versionLabels={"canary": DAMAGED})
        fleet.until_reason("VersionFailed", "VersionsAvailable", 60)
        yield prometheus

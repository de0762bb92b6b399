"""A real Prometheus on 127.0.0.1, told what to scrape by the chart's own PodMonitors."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from testing.control_plane.control_plane import ROOT
from testing.http_probe import is_well
from testing.loopback import free_ports
from testing.waiting import eventually

START_SECONDS = 90.0
Sample = tuple[Mapping[str, str], float]


@dataclass(frozen=True)
class Target:
    """What Prometheus would find in the cluster: a port of a pod, with the labels that discovery gives it."""

    address: str
    meta: Mapping[str, str]
    """Without `__meta_kubernetes_`."""

    def shown(self) -> dict[str, Any]:
        labels = {f"__meta_kubernetes_{name}": value for name, value in self.meta.items()}
        return {"targets": [self.address], "labels": labels}


@dataclass(frozen=True)
class Job:
    """An endpoint of a PodMonitor, and its targets. `labels` are those that Prometheus' operator adds by itself."""

    name: str
    monitor: Mapping[str, Any]
    endpoint: Mapping[str, Any]
    targets: Sequence[Target]
    labels: Mapping[str, str]

    def config(self, folder: Path) -> dict[str, Any]:
        """The same as a scrape config; the targets are read from a file, as discovered ones are."""
        file = folder / f"{self.name}.json"
        file.write_text(json.dumps([target.shown() for target in self.targets]))
        fixed = [{"target_label": label, "replacement": value} for label, value in self.labels.items()]
        return {
            "job_name": self.name,
            "metrics_path": self.endpoint["path"],
            "honor_labels": self.endpoint.get("honorLabels", False),
            "sample_limit": self.monitor["spec"].get("sampleLimit", 0),
            "file_sd_configs": [{"files": [str(file)]}],
            "relabel_configs": [*fixed, *map(_snake, self.endpoint.get("relabelings", []))],
            "metric_relabel_configs": list(map(_snake, self.endpoint.get("metricRelabelings", []))),
        }


def _snake(relabeling: Mapping[str, Any]) -> dict[str, Any]:
    names = {"sourceLabels": "source_labels", "targetLabel": "target_label"}
    return {names.get(name, name): value for name, value in relabeling.items()}


@dataclass(frozen=True)
class Prometheus:
    """A running one."""

    url: str

    def query(self, expression: str) -> list[Sample]:
        """The series that an expression has now. Raises AssertionError with Prometheus' words when it is wrong."""
        found = self._get("query", query=expression)
        if found["resultType"] == "scalar":
            return [({}, float(found["result"][1]))]
        return [(each["metric"], float(each["value"][1])) for each in found["result"]]

    def label_values(self, label: str, selector: str) -> list[str]:
        """Returns the values of a label, like Grafana's function of this name."""
        parameters = {"match[]": selector}
        values: list[str] = self._get(f"label/{label}/values", **parameters)
        return values

    def unhealthy_rules(self) -> dict[str, str]:
        """Rules that were not evaluated, or not without an error."""
        rules = [rule for group in self._get("rules")["groups"] for rule in group["rules"]]
        return {rule["name"]: rule.get("lastError", "") for rule in rules if rule["health"] != "ok"}

    def targets(self) -> dict[str, str]:
        """The health of each; there are none in the first seconds."""
        targets = self._get("targets", state="active")["activeTargets"]
        return {each["scrapeUrl"]: f"{each['health']} {each['lastError']}".strip() for each in targets}

    def _get(self, path: str, **parameters: str) -> Any:
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{parameters}: {error.read().decode()}") from None


def programs() -> tuple[Path, Path]:
    """prometheus and promtool."""
    command = [ROOT / "hack/prometheus.sh"]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    prometheus, promtool = map(Path, result.stdout.split())
    return prometheus, promtool


@contextmanager
def running_prometheus(folder: Path, jobs: Sequence[Job], rules: Path) -> Iterator[Prometheus]:
    """Scrapes and evaluates every second; every target is up and every rule was evaluated once it is handed out."""
    [port] = free_ports(1)
    config, log = folder / "prometheus.yml", folder / "prometheus.log"
    every_second = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    scrapes = [job.config(folder) for job in jobs]
    config.write_text(yaml.safe_dump({"global": every_second, "rule_files": [str(rules)], "scrape_configs": scrapes}))
    command: list[str | Path] = [programs()[0], f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            prometheus = Prometheus(f"http://127.0.0.1:{port}")
            eventually(lambda: is_well(f"{prometheus.url}/-/ready"), START_SECONDS, log.read_text)
            up = ["up"] * sum(len(job.targets) for job in jobs)
            eventually(lambda: list(prometheus.targets().values()) == up, START_SECONDS, prometheus.targets)
            eventually(lambda: not prometheus.unhealthy_rules(), START_SECONDS, prometheus.unhealthy_rules)
            yield prometheus
        finally:
            process.terminate()
            process.wait(60)

"""`charts/tfs-operator` as a Helm program renders it. Needs no cluster."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
CHART = ROOT / "charts" / "tfs-operator"
VALUE_FILES = {file.name.removesuffix("-values.yaml"): str(file) for file in sorted((CHART / "ci").iterdir())}
"""Values that are rendered besides the defaults; also what chart-testing installs."""

# A Helm that was built from source takes the cluster for 1.20 unless told.
KUBERNETES = "1.35.4"

Manifest = dict[str, Any]


class StrictLoader(yaml.SafeLoader):
    """Refuses a repeated key, which YAML forbids, PyYAML drops silently and the API server refuses."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = {key for key in keys if keys.count(key) > 1}
        if repeated:
            raise yaml.constructor.ConstructorError(None, None, f"repeated keys: {sorted(repeated)}", node.start_mark)
        return super().construct_mapping(node, deep)


@cache
def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Most tests ask for one of a few renderings, so each is made once."""
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@dataclass(frozen=True)
class Chart:
    """`charts/tfs-operator`, seen through one Helm program."""

    helm: Path
    path: Path = CHART

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(str(self.helm), *arguments)

    def output(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def text(self, *settings: str, release: str = "tfs-operator", namespace: str = "tfs") -> str:
        """What `helm template` prints. Each setting is `--set`'s NAME=VALUE, or a file for `--values`."""
        options = ["--namespace", namespace]
        for setting in settings:
            options += ["--values" if setting.endswith(".yaml") else "--set", setting]
        return self.output(*self._template(release), *options)

    def source(self, template: str, *settings: str, **where: str) -> str:
        """The part of it that comes from one template, without the blank lines about which the two Helms differ."""
        documents = self.text(*settings, **where).split("---\n# Source: tfs-operator/templates/")
        parts = [rest for name, _, rest in (each.partition("\n") for each in documents) if name == template]
        return "---\n".join(part.strip("\n") + "\n" for part in parts)

    def render(self, *settings: str, **where: str) -> list[Manifest]:
        return parse(self.text(*settings, **where))

    def one(self, template: str, *settings: str, **where: str) -> Manifest:
        manifests = parse(self.source(template, *settings, **where))
        assert len(manifests) == 1, f"{template} renders {len(manifests)} objects"
        return manifests[0]

    def kinds(self, *settings: str, **where: str) -> set[tuple[str, str]]:
        return {(each["kind"], each["metadata"]["name"]) for each in self.render(*settings, **where)}

    def refusal(self, *settings: str) -> str:
        """Helm's words when the values are refused."""
        options = [option for setting in settings for option in ("--set", setting)]
        result = self.run(*self._template("tfs-operator"), *options)
        assert result.returncode != 0, f"{settings} is accepted"
        return result.stderr

    def _template(self, release: str) -> list[str]:
        return ["template", release, str(self.path), "--kube-version", KUBERNETES]


def parse(text: str) -> list[Manifest]:
    return [document for document in yaml.load_all(text, StrictLoader) if document is not None]


def without_tests(manifests: list[Manifest]) -> list[Manifest]:
    """What stays in the cluster: the objects of `helm test` come and go with a test."""
    return [each for each in manifests if "helm.sh/hook" not in each["metadata"].get("annotations", {})]

"""The chart as Helm 3 and Helm 4 render it. Needs no cluster."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from testing.chart import CHART, ROOT, Chart, Manifest, StrictLoader

BUILD_SECONDS = 1500  # a cold cache compiles both Helms


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(BUILD_SECONDS))


@pytest.fixture(scope="session")
def helms() -> dict[str, Path]:
    """Both programs, built by hack/binaries.sh where the machine lacks them."""
    names = {"Helm 3": "helm3", "Helm 4": "helm4"}
    result = subprocess.run(
        [str(ROOT / "hack" / "binaries.sh"), *names.values()],
        capture_output=True, text=True, timeout=BUILD_SECONDS, check=False,
    )  # fmt: skip
    if result.returncode != 0:
        pytest.fail(f"hack/binaries.sh {' '.join(names.values())} failed:\n{result.stderr}", pytrace=False)
    return dict(zip(names, map(Path, result.stdout.split()), strict=True))


@pytest.fixture(scope="session", params=["Helm 3", "Helm 4"])
def chart(request: pytest.FixtureRequest, helms: dict[str, Path]) -> Chart:
    chart = Chart(helms[request.param])
    version = chart.output("version", "--template", "{{.Version}}")
    if not re.match(rf"v{request.param[-1]}\.", version):
        pytest.fail(
            f"{request.param} is wanted but {chart.helm} is {version}: take it off PATH, so that "
            "hack/binaries.sh builds the pinned one",
            pytrace=False,
        )
    return chart


@pytest.fixture(scope="session")
def values() -> Manifest:
    loaded: Manifest = yaml.load((CHART / "values.yaml").read_text(), StrictLoader)
    return loaded

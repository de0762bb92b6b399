"""Which rights the jobs of the workflows have, and what runs beside them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

Job = dict[str, Any]

WORKFLOWS = Path(__file__).parents[3] / ".github" / "workflows"
RELEASE: dict[str, Job] = yaml.safe_load((WORKFLOWS / "release.yaml").read_text())["jobs"]
PINNED_ACTION = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
PINNED_IMAGE = re.compile(r"(image=)?[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}")


def steps(path: Path) -> list[Job]:
    jobs: dict[str, Job] = yaml.safe_load(path.read_text())["jobs"]
    return [step for job in jobs.values() for step in job.get("steps", [])]


def with_right(right: str) -> set[str]:
    return {name for name, job in RELEASE.items() if job["permissions"].get(right) == "write"}


def test_each_right_to_write_is_with_the_job_that_needs_it() -> None:
    assert with_right("contents") == {"release"}
    assert with_right("id-token") == {"publish"}
    assert with_right("packages") == {"image", "publish"}


@pytest.mark.parametrize("name", ["publish", "release"])
def test_a_job_that_signs_or_releases_runs_nothing_of_the_tree_and_installs_nothing_of_its_locks(name: str) -> None:
    uses = [step["uses"].partition("@")[0] for step in RELEASE[name]["steps"] if "uses" in step]
    runs = "\n".join(step["run"] for step in RELEASE[name]["steps"] if "run" in step)
    ours = {"actions/download-artifact", "actions/upload-artifact", "docker/login-action", "sigstore/cosign-installer"}
    assert set(uses) <= ours
    assert not re.search(r"hack/|\.venv|\bpip\b|\bpython|\bmake\b|\bgo\b|\bnpm\b", runs)


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_action_is_pinned_by_commit_and_keeps_no_credentials(path: Path) -> None:
    used = [step for step in steps(path) if "uses" in step]
    assert used
    assert [step["uses"] for step in used if not PINNED_ACTION.fullmatch(step["uses"])] == []
    checkouts = [step for step in used if step["uses"].startswith("actions/checkout@")]
    assert [step for step in checkouts if step["with"].get("persist-credentials") is not False] == []


def test_the_images_that_build_ours_are_named_by_digest() -> None:
    inputs = [step.get("with", {}) for step in RELEASE["image"]["steps"]]
    images = [each[name] for each in inputs for name in ("image", "driver-opts") if name in each]
    assert len(images) == 2
    assert [image for image in images if not PINNED_IMAGE.fullmatch(image)] == []

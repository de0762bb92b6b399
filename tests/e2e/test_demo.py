"""`make demo`, from the point on where the cluster and the images are there: what it prints, and what is true then."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from testing.local_cluster import model
from testing.local_cluster.commands import ROOT, run
from testing.local_cluster.kubectl import Kubectl
from testing.local_cluster.tfmodel import TFModel
from tests.e2e.support import page

NAMESPACE = "tfs-demo"
DEMO_SECONDS = 400


def plain(printed: str) -> str:
    """Without the elapsed time before each line."""
    return re.sub(r"^\[ *[0-9ms]+\] ", "", printed, flags=re.MULTILINE)


def part(printed: str, number: int) -> str:
    """All that step `number` has printed."""
    found = re.search(rf"^{number}/9 .*?^    done in \d+\.\d s$", printed, re.MULTILINE | re.DOTALL)
    assert found, printed
    return found[0]


def answered(step: str, label: str, version: int) -> tuple[float, float]:
    """In how many seconds after the patch, and after how many the TFModel was Ready."""
    words = rf"patch → {label} answers with version {version} in (\d+\.\d) s → Ready in (\d+\.\d) s"
    found = re.search(words, step)
    assert found, step
    return float(found[1]), float(found[2])


def score(step: str, label: str) -> tuple[int, float]:
    """How many of the 20 images the version with the label reads right, and how sure it is, in percent."""
    found = re.search(rf"20 images, label {label}: accuracy (\d+) of 20, confidence (\d+\.\d)%", step)
    assert found, step
    return int(found[1]), float(found[2])


@pytest.fixture(scope="module")
def first_run(operator: Kubectl, namespaces: list[str]) -> Iterator[str]:
    """What the demo printed. Its namespace stays only if it was there before."""
    was_there = operator.get("namespace", NAMESPACE) is not None
    yield plain(run([sys.executable, "-m", "demo"], seconds=DEMO_SECONDS))
    if not was_there:
        operator("delete", "namespace", NAMESPACE, "--wait=false")
        namespaces.append(NAMESPACE)


def test_the_demo_asks_the_model_on_both_protocols(first_run: str) -> None:
    for protocol in ("REST", "gRPC"):
        answer = re.search(rf"20 images over {protocol}:\n.*\n.*\n(?:.* x.*\n)?.*accuracy +(\d+) of 20\n", first_run)
        assert answer, first_run
        assert int(answer[1]) >= 17
    assert re.search(r"apply → Ready \d+\.\d s → first answer \d+\.\d s", first_run)


def assert_rolls_out(printed: str) -> None:
    """Steps 6 to 9 have happened, each with its time, and whoever asked has always got an answer."""
    answered(part(printed, 6), "canary", 2)
    answered(promotion := part(printed, 7), "stable", 2)
    assert re.search(r"[1-9]\d* answers by version 1, then [1-9]\d* answers by version 2; 0 lost", promotion)
    assert_is_refused(part(printed, 8))
    answered(rollback := part(printed, 9), "stable", 1)
    assert re.search(r"[1-9]\d* answers by version 2, then [1-9]\d* answers by version 1; 0 lost", rollback)


def assert_is_refused(step: str) -> None:
    known = re.search(r"patch → Progressing=False, VersionFailed, in (\d+\.\d) s:\n.*/3/saved_model\.pb", step)
    assert known, step
    count = re.search(r"asked all along: (\d+) of (\d+) answers of stable by version 2", step)
    assert count, step
    assert int(count[1]) == int(count[2]) > 0
    assert "the pod was not restarted" in step


def assert_ends_as_it_began(kubectl: Kubectl) -> None:
    mnist = TFModel(kubectl, "mnist")
    assert mnist.live()["spec"]["versionLabels"] == {"stable": 1}
    assert mnist.live()["status"]["models"][0]["labels"] == {"stable": 1}
    assert mnist.condition("Ready")["status"] == "True"


def test_the_demo_goes_to_a_second_version_and_back(first_run: str, operator: Kubectl) -> None:
    assert_rolls_out(first_run)
    assert score(part(first_run, 6), "canary") != score(part(first_run, 6), "stable")
    assert_ends_as_it_began(operator.within(NAMESPACE))


def test_the_demo_ends_with_the_history_and_the_state(first_run: str) -> None:
    history, state = re.findall(rf"^\$ kubectl --namespace {NAMESPACE} (.*?)\n\n", first_run, re.MULTILINE | re.DOTALL)
    for reason, note in (
        ("VersionAvailable", r"version 2 AVAILABLE on 1/1 pods in \d+\.\d+ s"),
        ("LabelMoved", r"canary → 2 on 1/1 pods in \d+\.\d+ s"),
        ("LabelMoved", r"stable 1 → 2 on 1/1 pods in \d+\.\d+ s"),
        ("VersionFailed", r"version 3 .*saved_model\.pb"),
    ):
        assert re.search(rf"{reason} +TFModel/mnist +{note}", history), history
    assert re.search(r"^mnist +True +Serving ", state, re.MULTILINE)


def test_the_demo_run_again_is_warm(first_run: str, operator: Kubectl) -> None:
    again = plain(run([sys.executable, "-m", "demo"], seconds=DEMO_SECONDS))
    assert again.count("is already trained") == 2
    assert "the claim has this very model already" in again
    assert "tfmodel.tfs-operator.io/mnist unchanged" in again
    assert_rolls_out(again)
    assert_ends_as_it_began(operator.within(NAMESPACE))


def test_the_demo_goes_on_from_a_run_that_was_stopped(first_run: str, operator: Kubectl) -> None:
    """As if in its eighth step, and with the machine: a pod that nothing restarts has ended then."""
    kubectl = operator.within(NAMESPACE)
    kubectl("patch", "pod", model.LOADER, "--patch", '{"spec": {"activeDeadlineSeconds": 1}}')
    kubectl("wait", "--for=jsonpath={.status.phase}=Failed", f"pod/{model.LOADER}", "--timeout=180s", seconds=190)
    patch = '{"spec": {"versionLabels": {"stable": 3, "canary": 2}}}'
    kubectl("patch", "tfmodel", "mnist", "--type", "merge", "--patch", patch)
    TFModel(kubectl, "mnist").wait("Progressing", "False", reason="VersionFailed")
    again = plain(run([sys.executable, "-m", "demo"], seconds=DEMO_SECONDS))
    assert "labels of an earlier run are removed: canary" in again
    assert_rolls_out(again)
    assert_ends_as_it_began(kubectl)


def test_what_the_demo_says_to_try_next_works(first_run: str) -> None:
    _, _, advice = first_run.partition("What to try next")
    commands = "\n".join(line for line in advice.splitlines() if line.startswith("  "))
    script = f"set -euo pipefail\ntrap 'kill $(jobs -p)' EXIT\n{commands}\n"
    with page.its_ports(commands):
        shell = subprocess.run(
            ["bash", "-c", script], cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=120, check=False
        )
    assert shell.returncode == 0, shell.stderr
    assert "predictions" in shell.stdout
    assert "versionLabels" in shell.stdout

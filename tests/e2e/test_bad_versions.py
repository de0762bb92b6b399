"""Versions that kill their server, cannot predict, or vanish: nobody who did not ask for them is hurt.

The memory limit is a real one: the kernel kills the server.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from testing.clients import asking, digits
from testing.local_cluster import killing, model, node
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.model import Trained
from testing.local_cluster.pods import is_ready
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import eventually
from tests.e2e.support.scene import WAIT_SECONDS, Scene, assert_all_answered, assert_answered

HEAVY, MUTE = 3, 4
LIMIT = "500Mi"
"""Enough for the server and the example model, and not for a version of `BALLAST_MEBIBYTES`."""
BALLAST_MEBIBYTES = 600
DISK_LIMIT = "64Mi"


def base() -> Manifest:
    limits = {"memory": LIMIT, "ephemeral-storage": DISK_LIMIT}
    server = {"resources": {"requests": {"memory": "200Mi", "ephemeral-storage": "1Mi"}, "limits": limits}}
    rollout = {"bakeSeconds": 0, "trialSeconds": 1, "drainSeconds": 10}
    return {"modelUri": "pvc://models/mnist", "replicas": 2, "rollout": rollout, "server": server}


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel with a variable of zeros: most of what the server reads into memory is this."""
    import tensorflow as tf

    class Heavy(tf.Module):  # type: ignore[misc]  # tensorflow has no annotations
        def __init__(self) -> None:
            self.ballast = tf.Variable(tf.zeros([BALLAST_MEBIBYTES, 1 << 18]))

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])  # type: ignore[untyped-decorator]  # likewise
        def serve(self, x: "tf.Tensor") -> dict[str, "tf.Tensor"]:
            return {"y": x + self.ballast[0, 0]}

    folder = tmp_path_factory.mktemp("heavy") / "1"
    module = Heavy()
    tf.saved_model.save(module, str(folder), {"serving_default": module.serve})
    return folder


@pytest.fixture(scope="module")
def mute(version_2: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It loads, and every prediction fails: the upload has left its variables out."""
    folder = tmp_path_factory.mktemp("mute") / "1"
    shutil.copytree(version_2.folder, folder)
    shutil.rmtree(folder / "variables")
    return folder


@pytest.fixture(scope="module")
def scene(claim: Kubectl, version_1: Trained, version_2: Trained) -> Iterator[Scene]:
    model.publish(claim, version_1.folder, "mnist", 1)
    model.publish(claim, version_2.folder, "mnist", 2)
    tfmodel = TFModel(claim, "mnist")
    Scene(tfmodel, {}, base()).apply(stable=1)
    tfmodel.wait("Ready")
    question = digits.question("mnist", "stable", {1: version_1, 2: version_2})
    with node.service_from_outside(tfmodel) as (url, address):
        yield Scene(tfmodel, asking.by_both(url, address, question), base())


@pytest.fixture
def mnist(scene: Scene) -> Scene:
    scene.apply(stable=1)
    scene.await_end(stable=1)
    return scene


def restarts(scene: Scene) -> list[int]:
    """Of the model server of each pod, in ascending order."""
    return sorted(pod["status"]["containerStatuses"][0]["restartCount"] for pod in scene.tfmodel.pods())


def ready_pods(scene: Scene) -> int:
    return sum(map(is_ready, scene.tfmodel.pods()))


def test_a_version_that_cannot_predict_gets_no_label(mnist: Scene, mute: Path) -> None:
    model.publish(mnist.tfmodel.kubectl, mute, "mnist", MUTE)
    before = restarts(mnist)
    with mnist.under_load() as running:
        mnist.apply(stable=MUTE)
        failed = mnist.tfmodel.wait("Progressing", "False", reason="VersionFailed", seconds=WAIT_SECONDS)
        assert f"version {MUTE}" in failed["message"]
        assert "ariable" in failed["message"], "the server's words"
        report = mnist.conclude(running)
    assert_all_answered(report)
    assert_answered(report, 1)
    assert mnist.labels() == {"stable": 1}
    assert restarts(mnist) == before


def test_a_version_that_needs_more_memory_than_there_is_costs_one_restart_of_one_pod(mnist: Scene, heavy: Path) -> None:
    model.publish(mnist.tfmodel.kubectl, heavy, "mnist", HEAVY)
    before = restarts(mnist)
    mnist.apply(stable=1, canary=HEAVY)
    failed = mnist.tfmodel.wait("Progressing", "False", reason="VersionFailed", seconds=WAIT_SECONDS)
    assert f"was killed, out of memory (limit {LIMIT}) while it loaded version {HEAVY}" in failed["message"]
    assert mnist.labels() == {"stable": 1}
    eventually(lambda: ready_pods(mnist) == 2, WAIT_SECONDS, what="both pods to be ready again")
    assert sum(restarts(mnist)) == sum(before) + 1
    with mnist.under_load() as running:
        report = mnist.conclude(running)
    assert_all_answered(report)
    assert_answered(report, 1)


@pytest.mark.alone_in_cluster
def test_so_it_does_when_the_operator_is_killed_at_that_moment(mnist: Scene, heavy: Path, operator: Kubectl) -> None:
    model.publish(mnist.tfmodel.kubectl, heavy, "mnist", HEAVY)
    before, pod = restarts(mnist), killing.fresh(operator)
    with killing.killed_at(operator, pod, mnist.step_line("Try")):
        mnist.apply(stable=1, canary=HEAVY)
    failed = mnist.tfmodel.wait("Progressing", "False", reason="VersionFailed", seconds=WAIT_SECONDS)
    assert f"was killed, out of memory (limit {LIMIT}) while it loaded version {HEAVY}" in failed["message"]
    assert mnist.labels() == {"stable": 1}
    eventually(lambda: ready_pods(mnist) == 2, WAIT_SECONDS, what="both pods to be ready again")
    assert sum(restarts(mnist)) == sum(before) + 1


def test_outside_the_service_it_costs_no_request(mnist: Scene, heavy: Path) -> None:
    kubectl = mnist.tfmodel.kubectl
    model.publish(kubectl, heavy, "mnist", HEAVY)
    rollout = {**mnist.base["rollout"], "extraPod": True}
    outside, before = replace(mnist, base={**mnist.base, "rollout": rollout}), restarts(mnist)
    with outside.under_load() as running:
        outside.apply(stable=1, canary=HEAVY)
        failed = mnist.tfmodel.wait("Progressing", "False", reason="VersionFailed", seconds=WAIT_SECONDS)
        report = outside.conclude(running)
    killed = rf"pod mnist\.trial-\S+ was killed, out of memory \(limit {LIMIT}\) while it loaded version {HEAVY}"
    assert re.search(killed, failed["message"])
    assert_all_answered(report)
    assert_answered(report, 1)
    assert (mnist.labels(), restarts(mnist)) == ({"stable": 1}, before)
    eventually(lambda: kubectl.get("deployment", "mnist.trial") is None, WAIT_SECONDS, what="mnist.trial to be gone")


def test_under_latest_a_version_that_kills_its_server_costs_no_request_outside_the_service(
    claim: Kubectl, version_1: Trained, heavy: Path
) -> None:
    model.publish(claim, version_1.folder, "newest", 1)
    rollout = {**base()["rollout"], "extraPod": True}
    spec = {**base(), "modelUri": "pvc://models/newest", "versionPolicy": {"latest": 1}, "rollout": rollout}
    tfmodel = TFModel(claim, "newest")
    Scene(tfmodel, {}, spec).apply()
    tfmodel.wait("Ready")
    question = digits.question("newest", "", {1: version_1})
    with node.service_from_outside(tfmodel) as (url, address):
        newest = Scene(tfmodel, asking.by_both(url, address, question), spec)
        before = restarts(newest)
        with newest.under_load() as running:
            model.publish(claim, heavy, "newest", 2)
            failed = tfmodel.wait("Progressing", "False", reason="VersionFailed", seconds=WAIT_SECONDS)
            report = newest.conclude(running)
    assert f"was killed, out of memory (limit {LIMIT}) while it loaded version 2" in failed["message"]
    assert_all_answered(report)
    assert_answered(report, 1)
    assert restarts(newest) == before
    claim("delete", "tfmodel", "newest", "--timeout=120s", seconds=130)


def test_a_served_folder_that_vanishes_is_said_and_a_label_that_moves_away_is_acted_on(mnist: Scene) -> None:
    kubectl = mnist.tfmodel.kubectl
    in_loader = ["exec", model.LOADER, "--", "sh", "-c"]
    kubectl(*in_loader, "cd /models/mnist && mv 1 gone")
    try:
        missing = mnist.tfmodel.wait("VersionsAvailable", "False", reason="VersionNotFound", seconds=WAIT_SECONDS)
        assert "pvc://models/mnist" in missing["message"]
        assert "version 1" in missing["message"]
        assert "stable" in missing["message"]
        mnist.apply(stable=2)
        mnist.await_label("stable", 2)
        mnist.await_end(stable=2)
    finally:
        kubectl(*in_loader, "cd /models/mnist && mv gone 1")


def test_a_pod_that_is_evicted_is_named_while_it_is_missed_and_counts_no_more(mnist: Scene) -> None:
    """For its disk: the kubelet ends it, and the object stays."""
    kubectl, name = mnist.tfmodel.kubectl, mnist.tfmodel.pods()[0]["metadata"]["name"]
    kubectl("exec", name, "--container", "model-server", "--", "sh", "-c", "head -c 128M /dev/zero > /tmp/full")
    try:
        eventually(lambda: phase(mnist, name) == "Failed", WAIT_SECONDS, what=f"{name} to be evicted")
        eventually(lambda: ready_pods(mnist) == 2, WAIT_SECONDS, what="another pod to be ready")
        assert any(f"pod {name} was evicted" in note for note in notes(mnist)), notes(mnist)
        mnist.tfmodel.wait("Ready")
        mnist.apply(stable=2)
        mnist.await_label("stable", 2)
        assert mnist.tfmodel.wait("Ready")["reason"] == "Serving"
        assert phase(mnist, name) == "Failed"
    finally:
        kubectl("delete", "pod", name, "--ignore-not-found", "--timeout=60s", seconds=70)


def phase(scene: Scene, pod: str) -> str:
    found = scene.tfmodel.kubectl.get("pod", pod) or {"status": {}}
    return str(found["status"].get("phase"))


def notes(scene: Scene) -> list[str]:
    """Of the TFModel's events."""
    found = scene.tfmodel.kubectl.find("events.events.k8s.io")
    return [str(event.get("note")) for event in found if event["regarding"]["name"] == scene.tfmodel.name]

"""Canary, promotion, rollback and what disturbs them, under a steady load on labels/stable: no request is lost."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.clients import asking, digits, load
from testing.local_cluster import chart, incarnation, killing, model, node
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.model import Trained
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import eventually
from tests.e2e.support.scene import WAIT_SECONDS, Scene, assert_all_answered, assert_answered

DAMAGED, MISSING = 3, 4
LOAD_SECONDS = 1
BAKE_SECONDS = 300
"""Longer than any test takes: the version before stays loaded."""
# Longer than a connection of the load lives, and than kube-proxy takes to turn new ones away.
DRAIN_SECONDS = 10


def base() -> Manifest:
    """The double takes its time to load, so that there is a middle of the rollout; the stock server takes its own."""
    slow = [{"name": "TFS_DOUBLE_LOAD_DELAY_SECONDS", "value": str(LOAD_SECONDS)}]
    return {
        "modelUri": "pvc://models/mnist",
        "replicas": 2,
        "rollout": {"bakeSeconds": 0, "trialSeconds": 1, "drainSeconds": DRAIN_SECONDS},
        **({"server": {"env": slow}} if chart.images().server_is_the_double else {}),
    }


@pytest.fixture(scope="module")
def published(claim: Kubectl, version_1: Trained, version_2: Trained, damaged: Path) -> Kubectl:
    model.publish(claim, version_1.folder, "mnist", 1)
    model.publish(claim, version_2.folder, "mnist", 2)
    model.publish(claim, damaged, "mnist", DAMAGED)
    return claim


@pytest.fixture(scope="module")
def question(version_1: Trained, version_2: Trained) -> asking.Question:
    return digits.question("mnist", "stable", {1: version_1, 2: version_2})


@pytest.fixture(scope="module")
def scene(published: Kubectl, question: asking.Question) -> Iterator[Scene]:
    tfmodel = TFModel(published, "mnist")
    at_first = Scene(tfmodel, {}, base())
    at_first.apply(stable=1)
    tfmodel.wait("Ready")
    with node.service_from_outside(tfmodel) as (url, address):
        yield Scene(tfmodel, asking.by_both(url, address, question), base())


@pytest.fixture
def mnist(scene: Scene) -> Scene:
    """Serves one version under the label stable, and nothing else: the one that the test before has left there."""
    stable = scene.labels()["stable"]
    scene.apply(stable=stable)
    scene.await_end(stable=stable)
    return scene


def test_canary_promotion_retirement_and_rollback_lose_no_request(mnist: Scene) -> None:
    old = mnist.labels()["stable"]
    new, before = other(old), incarnation.of(mnist.tfmodel)
    with mnist.under_load() as running:
        mnist.apply(stable=old, canary=new)
        mnist.await_end(stable=old, canary=new)
        promoted = time.monotonic()
        mnist.apply(stable=new)
        at_new = mnist.await_label("stable", new)
        mnist.await_end(stable=new)
        running.await_more(1, WAIT_SECONDS)
        rolled_back = time.monotonic()
        mnist.apply(stable=old)
        at_old = mnist.await_label("stable", old)
        mnist.await_end(stable=old)
        report = mnist.conclude(running)
    assert_all_answered(report)
    assert_answered(report, old, until=promoted)
    assert_answered(report, new, since=at_new, until=rolled_back)
    assert_answered(report, old, since=at_old)
    assert report.histories() <= {(old,), (old, new), (new,), (new, old)}, "no pod steps back"
    assert incarnation.of(mnist.tfmodel) == before


def other(version: int) -> int:
    return 3 - version


def test_a_rollback_within_the_bake_time_needs_no_load(mnist: Scene) -> None:
    old = mnist.labels()["stable"]
    new, before = other(old), incarnation.of(mnist.tfmodel)
    with mnist.under_load() as running:
        mnist.apply(stable=new, bake=BAKE_SECONDS)
        mnist.await_label("stable", new)
        rows = {row["version"]: row["availableReplicas"] for row in mnist.status()["versions"]}
        assert rows == {old: 2, new: 2}
        loads = mnist.loads(old)
        mnist.apply(stable=old, bake=BAKE_SECONDS)
        at_old = mnist.await_label("stable", old)
        report = mnist.conclude(running)
    assert_all_answered(report)
    assert_answered(report, old, since=at_old)
    assert mnist.loads(old) == loads
    assert report.histories() <= {(old,), (old, new), (old, new, old), (new,), (new, old)}
    assert incarnation.of(mnist.tfmodel) == before


def test_a_damaged_version_is_refused_and_a_corrected_spec_recovers(mnist: Scene) -> None:
    old = mnist.labels()["stable"]
    with mnist.under_load() as running:
        mnist.apply(stable=old, canary=DAMAGED)
        refused = mnist.tfmodel.wait("Progressing", "False", reason="VersionFailed")
        assert "saved_model.pb" in refused["message"]
        assert mnist.labels() == {"stable": old}
        mnist.replace_a_pod()
        assert mnist.labels() == {"stable": old}
        before = incarnation.of(mnist.tfmodel)
        mnist.apply(stable=old, canary=other(old))
        mnist.await_end(stable=old, canary=other(old))
        report = mnist.conclude(running)
    assert_all_answered(report)
    assert_answered(report, old)
    assert incarnation.of(mnist.tfmodel) == before


def test_a_version_whose_folder_is_missing_is_waited_for(mnist: Scene, version_1: Trained) -> None:
    old, before = mnist.labels()["stable"], incarnation.of(mnist.tfmodel)
    with mnist.under_load() as running:
        mnist.apply(stable=old, canary=MISSING)
        missing = mnist.tfmodel.wait("Progressing", "False", reason="VersionNotFound")
        assert f"has no version {MISSING}" in missing["message"]
        assert mnist.labels() == {"stable": old}
        model.publish(mnist.tfmodel.kubectl, version_1.folder, "mnist", MISSING)
        mnist.await_end(stable=old, canary=MISSING)
        report = mnist.conclude(running)
    assert_all_answered(report)
    assert_answered(report, old)
    assert incarnation.of(mnist.tfmodel) == before


def test_scaling_up_in_the_middle_of_a_rollout(mnist: Scene) -> None:
    old = mnist.labels()["stable"]
    new, before = other(old), incarnation.of(mnist.tfmodel)
    with mnist.under_load() as running:
        mnist.apply(stable=new)
        mnist.await_loading(new)
        mnist.apply(stable=new, replicas=3)
        ended = mnist.await_end(stable=new, replicas=3)
        report = mnist.conclude(running)
    assert_all_answered(report)
    assert_answered(report, new, since=ended)
    assert report.histories() <= {(old,), (old, new), (new,)}, "no pod steps back, the one that joins neither"
    assert incarnation.of(mnist.tfmodel) > before


def test_a_pod_that_is_deleted_in_the_middle_of_a_rollout(mnist: Scene) -> None:
    old = mnist.labels()["stable"]
    new = other(old)
    with mnist.under_load() as running:
        mnist.apply(stable=new)
        mnist.await_loading(new)
        gone = mnist.tfmodel.pods()[0]["metadata"]["name"]
        mnist.tfmodel.kubectl("delete", "pod", gone, "--wait=false")
        mnist.await_end(stable=new)
        mnist.await_gone(gone)
        report = mnist.conclude(running)
    assert_all_answered(report)
    assert report.histories() <= {(old,), (old, new), (new,)}, "no pod steps back, the one that joins neither"


def test_an_edit_of_a_label_and_of_the_pods_at_once_is_one_rollout_without_a_step_back(mnist: Scene) -> None:
    old = mnist.labels()["stable"]
    new, before = other(old), {pod["metadata"]["uid"] for pod in mnist.tfmodel.pods()}
    edited = Scene(
        mnist.tfmodel, mnist.connects, {**mnist.base, "podTemplate": {"annotations": {"example.com/edit": "1"}}}
    )
    with mnist.under_load() as running:
        edited.apply(stable=new)
        ended = edited.await_end(stable=new)
        report = edited.conclude(running)
    assert_all_answered(report)
    assert_answered(report, new, since=ended)
    assert report.histories() <= {(old,), (old, new), (new,)}, "no pod steps back"
    assert not before & {pod["metadata"]["uid"] for pod in mnist.tfmodel.pods()}


def test_a_model_server_that_is_killed_in_the_middle_of_a_rollout(mnist: Scene) -> None:
    """What it was answering is lost, and connections to it are until the cluster turns them away; no more than that."""
    old = mnist.labels()["stable"]
    new, before = other(old), restarts(mnist)
    with mnist.under_load() as running:
        mnist.apply(stable=new)
        mnist.await_loading(new)
        process_of(mnist, mnist.tfmodel.pods()[0]).kill()
        eventually(lambda: restarts(mnist) > before, WAIT_SECONDS, what="the server to be restarted")
        ended = mnist.await_end(stable=new)
        report = mnist.conclude(running)
    assert_answered(report, new, since=ended)
    assert [failure for failure in report.failures if load.BROKEN not in failure] == [], str(report)


def restarts(scene: Scene) -> int:
    """Of all containers of its pods."""
    statuses = [status for pod in scene.tfmodel.pods() for status in pod["status"].get("containerStatuses", [])]
    return sum(int(status["restartCount"]) for status in statuses)


def process_of(scene: Scene, pod: Manifest) -> node.Container:
    """The model server."""
    return node.container(scene.tfmodel.kubectl, pod, pod["spec"]["containers"][0]["name"])


@pytest.mark.alone_in_cluster
@pytest.mark.parametrize("step", ["Load", "Commit", "Bake", "Retire"])
def test_an_operator_that_is_killed_at_a_step_of_the_rollout(mnist: Scene, operator: Kubectl, step: str) -> None:
    old, pod = mnist.labels()["stable"], killing.fresh(operator)
    new, before = other(old), incarnation.of(mnist.tfmodel)
    with mnist.under_load() as running:
        began = time.monotonic()
        with killing.killed_at(operator, pod, mnist.step_line(step)):
            mnist.apply(stable=new, bake=1)
        ended = mnist.await_end(stable=new)
        report = mnist.conclude(running)
    assert_all_answered(report)
    assert_answered(report, old, until=began)
    assert_answered(report, new, since=ended)
    assert report.histories() <= {(old,), (old, new), (new,)}, "no pod steps back"
    assert incarnation.of(mnist.tfmodel) == before


@pytest.mark.alone_in_cluster
def test_an_operator_that_is_killed_when_one_pod_has_the_label_and_another_has_not(
    mnist: Scene, operator: Kubectl
) -> None:
    """A label moves on all pods at once, unless one of them is deaf for a moment."""
    old, pod = mnist.labels()["stable"], killing.fresh(operator)
    new, before = other(old), incarnation.of(mnist.tfmodel)
    mnist.apply(stable=old, canary=new, bake=BAKE_SECONDS)
    mnist.await_end(stable=old, canary=new)
    servers = mnist.tfmodel.pods()
    with mnist.under_load() as running:
        began = time.monotonic()
        with killing.killed_at(operator, pod, mnist.step_line("Label")), process_of(mnist, servers[0]).stopped():
            mnist.apply(stable=new, bake=BAKE_SECONDS)
            mnist.await_commit("stable", new)
        for server in servers:
            mnist.await_answer(server, "stable", new)
        ended = time.monotonic()
        mnist.await_label("stable", new)
        report = mnist.conclude(running)
    assert_all_answered(report)
    assert_answered(report, old, until=began)
    assert_answered(report, new, since=ended)
    assert report.histories() <= {(old,), (old, new), (new,)}, "no pod steps back"
    assert incarnation.of(mnist.tfmodel) == before


@pytest.mark.alone_in_cluster
def test_an_operator_that_is_killed_when_it_withdraws_a_version(mnist: Scene, operator: Kubectl) -> None:
    old, pod = mnist.labels()["stable"], killing.fresh(operator)
    before = incarnation.of(mnist.tfmodel)
    with mnist.under_load() as running:
        with killing.killed_at(operator, pod, mnist.step_line("Withdraw")):
            mnist.apply(stable=old, canary=DAMAGED)
        mnist.tfmodel.wait("Progressing", "False", reason="VersionFailed", seconds=WAIT_SECONDS)
        assert mnist.labels() == {"stable": old}
        mnist.apply(stable=old, canary=other(old))
        mnist.await_end(stable=old, canary=other(old))
        report = mnist.conclude(running)
    assert_all_answered(report)
    assert_answered(report, old)
    assert incarnation.of(mnist.tfmodel) == before

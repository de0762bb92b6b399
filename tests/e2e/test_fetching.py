"""Models from a bucket, in real pods: they arrive whole, while serving, and what is bad harms nobody."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from testing.clients import asking, digits, load
from testing.local_cluster import model, node
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import eventually
from tests.e2e.support import bucket
from tests.e2e.support.bucket import STORAGE, Bucket
from tests.e2e.support.scene import assert_all_answered, assert_answered

SECONDS = 180
SECRET_SECONDS = 240
"""A kubelet looks at a mounted Secret every minute, and a little; that of kind-config.yaml more often."""
REST_SECONDS = 12
"""The bucket is asked twice in this time."""

PB = "saved_model.pb"
DATA, INDEX = "variables/variables.data-00000-of-00001", "variables/variables.index"


@pytest.fixture(scope="module")
def store(namespace: Kubectl, version_1: model.Trained, version_2: model.Trained) -> Iterator[Bucket]:
    with bucket.running(namespace) as made:
        made.publish("mnist", 1, version_1.folder)
        made.publish("mnist", 2, version_2.folder)
        yield made


@dataclass(frozen=True)
class Fetched:
    """A TFModel from the bucket."""

    tfmodel: TFModel

    @property
    def kubectl(self) -> Kubectl:
        return self.tfmodel.kubectl

    def apply(self, base_path: str, **spec: Any) -> None:
        kind = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "metadata": {"name": self.tfmodel.name}}
        common = {"rollout": {"bakeSeconds": 0, "drainSeconds": 1}, "storage": STORAGE}
        self.kubectl.apply({**kind, "spec": {"modelUri": f"s3://models/{base_path}", **common, **spec}})

    def follow(self, store: Bucket, base_path: str, first: model.Trained) -> None:
        """Until version 1 of a new base path is served, and whatever is newer will be."""
        store.publish(base_path, 1, first.folder)
        self.apply(base_path, versionPolicy={"latest": 1})
        self.until_serving()

    def await_condition(self, kind: str, status: str, reason: str, seconds: float = SECONDS) -> str:
        """Its message, once it is so for the newest spec."""
        return str(self.tfmodel.wait(kind, status, reason, seconds)["message"])

    def await_words(self, words: str, seconds: float) -> str:
        """The message of ModelsFetched, once it has these words."""

        def found() -> str | None:
            message = str(self.tfmodel.condition("ModelsFetched").get("message", ""))
            return message if words in message else None

        return eventually(found, seconds, self.tfmodel.live, what=f"ModelsFetched to say {words}")

    def until_serving(self, seconds: float = SECONDS) -> None:
        self.await_condition("Ready", "True", "Serving", seconds)

    def row(self, version: int) -> Manifest:
        [status] = self.tfmodel.live()["status"]["models"]
        return next((dict(row) for row in status["versions"] if row["version"] == version), {})

    def resource_version(self) -> str:
        return str(self.tfmodel.live()["metadata"]["resourceVersion"])

    def step(self) -> str:
        [status] = self.tfmodel.live()["status"]["models"]
        return str(status["rollout"]["step"])

    def folders(self) -> list[list[str]]:
        """What each pod's server finds below its base path, hidden names left out."""
        [status] = self.tfmodel.live()["status"]["models"]
        path = self.config()["sources"][0]["basePath"]
        assert status
        pods = [pod["metadata"]["name"] for pod in self.tfmodel.pods()]
        return [self.kubectl("exec", pod, "--container", "model-server", "--", "ls", path).split() for pod in pods]

    def config(self) -> Manifest:
        live = self.kubectl.get("configmap", f"{self.tfmodel.name}-config")
        assert live is not None
        return dict(json.loads(live["data"]["fetch.json"]))

    def containers(self) -> list[tuple[str, int]]:
        """Every container of every pod, and how often it was started again."""
        statuses = [
            status
            for pod in self.tfmodel.pods()
            for kind in ("initContainerStatuses", "containerStatuses")
            for status in pod["status"].get(kind, [])
        ]
        return sorted((str(status.get("containerID", "")), int(status["restartCount"])) for status in statuses)


@pytest.fixture
def fetched(namespace: Kubectl, store: Bucket, request: pytest.FixtureRequest) -> Iterator[Fetched]:
    name = request.node.originalname.removeprefix("test_").replace("_", "-")[:40].strip("-")
    yield Fetched(TFModel(namespace, name))
    namespace("delete", "tfmodel", name, "--ignore-not-found", "--timeout=120s", seconds=130)


@pytest.fixture(scope="module")
def serving(namespace: Kubectl, store: Bucket) -> Fetched:
    """Serves version 1 as stable, on two pods."""
    made = Fetched(TFModel(namespace, "serving"))
    made.apply("mnist", versionLabels={"stable": 1}, replicas=2)
    made.until_serving()
    return made


def test_a_canary_is_fetched_while_serving_and_nothing_restarts(serving: Fetched) -> None:
    before = serving.containers()
    serving.apply("mnist", versionLabels={"stable": 1, "canary": 2}, replicas=2)
    serving.until_serving()
    row = {"version": 2, "state": "AVAILABLE", "availableReplicas": 2, "labels": ["canary"], "message": ""}
    assert serving.row(2) == {**row, "verified": {"outcome": "Good", "message": ""}}
    assert serving.folders() == [["1", "2"], ["1", "2"]]
    assert serving.containers() == before
    serving.apply("mnist", versionLabels={"stable": 1}, replicas=2)
    eventually(lambda: serving.folders() == [["1"], ["1"]], SECONDS, what="version 2 to be removed")
    assert serving.containers() == before


def test_at_rest_nothing_is_written(fetched: Fetched, store: Bucket, version_1: model.Trained) -> None:
    """Though the bucket is asked every five seconds, and the fetcher every few. A pod that a busy machine keeps from
    answering is written down, and no rest."""
    fetched.follow(store, "quiet", version_1)
    eventually(lambda: fetched.step() == "Done", SECONDS, fetched.tfmodel.live, what="the rollout to be done")
    since, version = time.monotonic(), fetched.resource_version()

    def rested() -> bool:
        nonlocal since, version
        if (now := fetched.resource_version()) != version:
            since, version = time.monotonic(), now
        return time.monotonic() - since > REST_SECONDS

    eventually(rested, SECONDS, fetched.tfmodel.live, what=f"{REST_SECONDS} seconds without a write", interval=1)


def test_credentials_reach_the_fetcher_and_not_the_server(serving: Fetched) -> None:
    pod = serving.tfmodel.pods()[0]["metadata"]["name"]
    look = "env; cat /proc/1/environ; ls /etc/tfs-operator-credentials; grep -rs not-a-secret /etc /tmp; true"
    said = serving.kubectl("exec", pod, "--container", "model-server", "--", "sh", "-c", look)
    assert "AWS_" not in said
    assert "not-a-secret" not in said
    assert "AWS_SECRET_ACCESS_KEY" in serving.kubectl(
        "exec", pod, "--container", "fetcher", "--", "ls", "/etc/tfs-operator-credentials"
    )
    logs = serving.kubectl("logs", pod, "--container", "fetcher")
    assert "in place" in logs
    assert "not-a-secret" not in logs


BAD_VERSIONS = {
    "no saved_model.pb": ((PB,), {}, "IncompleteVersion"),
    "an empty saved_model.pb": ((), {PB: b""}, "NoSavedModel"),
    "a missing shard": ((DATA,), {}, "IncompleteVersion"),
    "a text file": ((PB, DATA, INDEX, "fingerprint.pb"), {"": b"hello"}, "NoSavedModel"),
    "never published": ((PB, DATA, INDEX, "fingerprint.pb"), {}, "VersionNotFound"),
}


@pytest.mark.parametrize("kind", BAD_VERSIONS)
def test_a_bad_version_is_named_and_what_is_served_goes_on(
    kind: str, serving: Fetched, store: Bucket, version_2: model.Trained
) -> None:
    without, instead, reason = BAD_VERSIONS[kind]
    number = 30 + list(BAD_VERSIONS).index(kind)
    store.publish("mnist", number, version_2.folder, *without, *instead)
    for name, content in instead.items():
        store.put("mnist", {f"{number}/{name}".rstrip("/"): content})
    before = serving.containers()
    serving.apply("mnist", versionLabels={"stable": 1, "canary": number}, replicas=2)
    message = serving.await_condition("ModelsFetched", "False", reason)
    assert "s3://models/mnist" in message
    assert f"version {number}" in message or f"no version {number}" in message
    serving.tfmodel.wait("Ready", "False", reason=reason)
    serving.tfmodel.wait("Progressing", "False")
    assert serving.row(1)["labels"] == ["stable"]
    assert serving.row(1)["availableReplicas"] == 2
    eventually(lambda: reason in serving.tfmodel.events(), what=f"an event {reason}")
    serving.apply("mnist", versionLabels={"stable": 1}, replicas=2)
    serving.until_serving()
    assert serving.containers() == before
    assert serving.folders() == [["1"], ["1"]]


def test_the_newest_version_is_found_while_serving_and_the_old_one_is_removed(
    fetched: Fetched, store: Bucket, version_1: model.Trained, version_2: model.Trained
) -> None:
    fetched.follow(store, "newest", version_1)
    before = fetched.containers()
    store.publish("newest", 2, version_2.folder)
    eventually(lambda: fetched.row(2).get("state") == "AVAILABLE", SECONDS, what="version 2 to be served")
    eventually(lambda: fetched.folders() == [["2"]], SECONDS, fetched.folders, what="version 1 to be removed")
    assert fetched.containers() == before


def test_a_newest_version_that_is_half_uploaded_replaces_nothing_until_the_rest_is_there(
    fetched: Fetched, store: Bucket, version_1: model.Trained, version_2: model.Trained
) -> None:
    """A walk that uploads in the order of names brings the graph before the variables."""
    fetched.follow(store, "half", version_1)
    before = fetched.containers()
    with unlabelled_load(fetched.tfmodel, version_1, version_2) as running:
        store.publish("half", 2, version_2.folder, DATA, INDEX)
        message = fetched.await_condition("ModelsFetched", "False", "IncompleteVersion")
        assert "version 2" in message
        assert INDEX in message
        running.await_more(10, SECONDS)
        assert fetched.folders() == [["1"]]
        halfway = time.monotonic()
        store.publish("half", 2, version_2.folder)
        eventually(lambda: fetched.folders() == [["2"]], SECONDS, fetched.folders, what="version 1 to be removed")
        whole = time.monotonic()
        running.await_more(10, SECONDS)
        report = running.report()
    assert_all_answered(report)
    assert_answered(report, 1, until=halfway)
    assert_answered(report, 2, since=whole)
    fetched.until_serving()
    assert fetched.containers() == before


@contextlib.contextmanager
def unlabelled_load(tfmodel: TFModel, *versions: model.Trained) -> Iterator[load.Load]:
    """On the newest version, with `versions` being 1, 2 and so on."""
    [status] = tfmodel.live()["status"]["models"]
    question = digits.question(status["name"], "", dict(enumerate(versions, start=1)))
    with (
        node.service_from_outside(tfmodel) as (url, address),
        load.steady(asking.by_both(url, address, question), load.Bounds(rate=5, seconds=400)) as running,
    ):
        running.await_more(1, SECONDS)
        yield running


def test_a_store_that_is_down_takes_nothing_away(fetched: Fetched, store: Bucket, version_1: model.Trained) -> None:
    fetched.follow(store, "steady", version_1)
    before = fetched.containers()
    with store.unreachable():
        message = fetched.await_condition("ModelsFetched", "False", "StoreUnreachable")
        assert "s3://models/steady" in message
        assert fetched.tfmodel.condition("Ready")["status"] == "True"
        assert fetched.row(1)["state"] == "AVAILABLE"
    fetched.await_condition("ModelsFetched", "True", "Fetched")
    assert fetched.containers() == before


def test_a_secret_that_comes_later_is_taken_up_without_a_restart(fetched: Fetched) -> None:
    storage = {**STORAGE, "secretRef": {"name": "later"}}
    fetched.apply("mnist", versions=[1], storage=storage)
    message = fetched.await_condition("ModelsFetched", "False", "CredentialsMissing")
    assert "later" in message
    fetched.kubectl("create", "secret", "generic", "later", "--from-literal=AWS_ACCESS_KEY_ID=reader")
    assert "later" in fetched.await_words("AWS_SECRET_ACCESS_KEY", SECRET_SECONDS)
    secret = [f"--from-literal={key}={value}" for key, value in bucket.SECRET.items()]
    fetched.kubectl("delete", "secret", "later")
    fetched.kubectl("create", "secret", "generic", "later", *secret)
    fetched.until_serving(SECRET_SECONDS)
    assert [restarts for _, restarts in fetched.containers()] == [0, 0]


EMPTY = {
    "no bucket": ("s3://other/mnist", "StoreNotFound"),
    "an empty folder": ("s3://models/nothing-here", "NoVersions"),
    "no number": ("s3://models/words", "NoVersions"),
}


@pytest.mark.parametrize("kind", EMPTY)
def test_a_uri_without_versions_is_named(kind: str, fetched: Fetched, store: Bucket) -> None:
    uri, reason = EMPTY[kind]
    store.put("words", {"one/saved_model.pb": b"x", "README.md": b"x"})
    fetched.apply("", modelUri=uri)
    message = fetched.await_condition("Ready", "False", reason)
    assert uri in message
    assert [restarts for _, restarts in fetched.containers() if _] == [0]


def test_replicas_that_share_a_cache_fetch_once(
    fetched: Fetched, store: Bucket, namespace: Kubectl, version_1: model.Trained
) -> None:
    claim: Manifest = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "cache"}}
    claim_spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}
    namespace.apply({**claim, "spec": claim_spec})
    store.publish("shared", 1, version_1.folder)
    storage = {**STORAGE, "cache": {"persistentVolumeClaim": "cache"}}
    fetched.apply("shared", versions=[1], replicas=3, storage=storage)
    fetched.until_serving()
    pods = [pod["metadata"]["name"] for pod in fetched.tfmodel.pods()]
    logs = [fetched.kubectl("logs", pod, "--container", "fetcher") for pod in pods]
    assert sum("version 1: in place" in log for log in logs) == 1
    assert fetched.row(1)["availableReplicas"] == 3

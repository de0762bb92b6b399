"""Typed tuning of the server on real pods: they start with it, and a change of the batching file replaces them."""

import urllib.error
from typing import Any

import pytest

from testing.clients import digits
from testing.local_cluster import incarnation, model
from testing.local_cluster.commands import CommandError
from testing.local_cluster.kubectl import Kubectl
from testing.local_cluster.model import Trained
from testing.local_cluster.tfmodel import TFModel

SERVER = {
    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
    "warmup": {"iterations": 1},
    "parallelism": {"interOp": 2},
    "grpc": {"maxConnectionAgeSeconds": 2},
}


def apply(kubectl: Kubectl, max_batch_size: int) -> TFModel:
    batching = {"maxBatchSize": max_batch_size, "batchTimeoutMicros": 1000, "numBatchThreads": 1}
    spec = {
        "modelUri": "pvc://models/tuned",
        "rollout": {"drainSeconds": 1},
        "server": {**SERVER, "batching": batching},
    }
    kind = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel"}
    kubectl.apply({**kind, "metadata": {"name": "tuned"}, "spec": spec})
    tfmodel = TFModel(kubectl, "tuned")
    tfmodel.wait("Ready")
    return tfmodel


@pytest.fixture(scope="module")
def published(claim: Kubectl, version_1: Trained) -> Kubectl:
    model.publish(claim, version_1.folder, "tuned", 1)
    return claim


def refusal(url: str, asked: list[Any]) -> str:
    with pytest.raises(urllib.error.HTTPError) as refused:
        digits.client.ask_rest(url, "tuned", None, asked)
    with refused.value as error:
        return error.read().decode()


def test_pods_batch_as_the_spec_says_and_take_a_change_of_it(published: Kubectl, version_1: Trained) -> None:
    asked = digits.images(version_1)
    tfmodel = apply(published, max_batch_size=2)
    before = incarnation.of(tfmodel)
    pod = tfmodel.pod()
    arguments = pod["spec"]["containers"][0]["args"]
    assert "--tensorflow_intra_op_parallelism=1" in arguments, "the CPU request, rounded up"
    assert "--tensorflow_inter_op_parallelism=2" in arguments
    assert "--grpc_channel_arguments=grpc.max_connection_age_ms=2000" in arguments
    with tfmodel.forward() as (url, _):
        assert f"Task size {len(asked)} is larger than maximum input batch size 2" in refusal(url, asked)

    apply(published, max_batch_size=len(asked))
    assert not before & incarnation.of(tfmodel)
    local = digits.locally(version_1.folder, asked)
    with tfmodel.forward() as (url, address):
        assert digits.same(digits.client.ask_rest(url, "tuned", None, asked), local)
        assert digits.same(digits.client.ask_grpc(address, "tuned", None, asked), local)


def test_a_field_and_its_flag_are_refused_together(published: Kubectl) -> None:
    spec = {"modelUri": "pvc://models/tuned", "server": {"batching": {}, "extraArgs": ["--enable_batching=true"]}}
    kind = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel"}
    with pytest.raises(CommandError, match="batching stands for these flags, take them out of extraArgs"):
        published.apply({**kind, "metadata": {"name": "twice"}, "spec": spec})

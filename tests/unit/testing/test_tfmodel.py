"""Which pods of a TFModel the end-to-end tests count."""

from typing import Any
from unittest.mock import create_autospec

import pytest

from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.tfmodel import TFModel


def pod(name: str, phase: str, **metadata: Any) -> Manifest:
    created = {"creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"metadata": {"name": name, **created, **metadata}, "status": {"phase": phase}}


def test_a_pod_that_the_kubelet_did_not_admit_is_no_replica() -> None:
    kubectl = create_autospec(Kubectl, instance=True)
    leaving = pod("leaving", "Running", deletionTimestamp="2026-01-01T00:00:00Z")
    kubectl.find.return_value = [pod("refused", "Failed"), pod("served", "Running"), pod("new", "Pending"), leaving]
    assert [one["metadata"]["name"] for one in TFModel(kubectl, "resnet").pods()] == ["served", "new"]


def test_two_pods_where_one_is_expected_are_told_apart() -> None:
    kubectl = create_autospec(Kubectl, instance=True)
    kubectl.find.return_value = [pod("served", "Running"), pod("new", "Pending")]
    with pytest.raises(AssertionError, match=r"has 2 pods, not one: .*served .* Running.*new .* Pending"):
        TFModel(kubectl, "resnet").pod()

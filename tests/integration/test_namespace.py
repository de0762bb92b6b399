"""A namespace that is being deleted takes its TFModels with it, without a word."""

import time

from testing.api_client import Api
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.fleet import condition, tfmodel, wait_for_children
from testing.waiting import eventually


def test_nothing_is_said_of_children_that_cannot_come_back(api: Api, namespace: str, operator: OperatorProcess) -> None:
    """No namespace controller runs here, so the namespace stays terminating."""
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    eventually(lambda: any(f"{namespace}/mnist: model mnist: Wait: " in line for line in operator.lines()))
    before = [line for line in operator.lines() if namespace in line]
    api.request("DELETE", f"/api/v1/namespaces/{namespace}")
    api.delete("Service", namespace, "mnist")
    time.sleep(3)
    assert condition(api.get("TFModel", namespace, "mnist"))["reason"] == "Deploying"
    assert [line for line in operator.lines() if namespace in line] == before

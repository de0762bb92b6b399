"""Pods that were evicted, or ended with their node, and lie about: they count nowhere, and their reason is told."""

from testing.api_client import Manifest
from testing.fleet.served import Served

LOW_DISK = (
    "The node was low on resource: ephemeral-storage. Threshold quantity: 2146223340, available: 1883424Ki. Container "
    "model-server was using 10304Ki, request is 0, has larger consumption of ephemeral-storage. "
)
SHUTDOWN = "Pod was terminated in response to imminent node shutdown."


def counts(served: Served) -> tuple[int, int]:
    status: Manifest = served.tfmodel()["status"]
    return status["replicas"], status["readyReplicas"]


def test_the_reason_is_told_until_another_pod_is_ready_in_its_place(alone: Served) -> None:
    alone.node.is_full = True
    evicted = alone.pods[0]
    alone.node.evict(evicted, "Evicted", LOW_DISK)
    alone.until(lambda: "was evicted" in alone.condition()["message"])
    ready, progressing = alone.condition(), alone.condition("Progressing")
    assert ready["reason"] == progressing["reason"] == "Deploying"
    assert progressing["status"] == "True", "another pod takes its place"
    assert f"pod {evicted.name} was evicted: The node was low on resource: ephemeral-storage" in ready["message"]
    assert "request ephemeral-storage in server.resources" in ready["message"]
    assert counts(alone) == (1, 1)
    alone.node.is_full = False
    alone.until_done()
    assert evicted.name not in alone.condition()["message"]
    assert counts(alone) == (2, 2)


def test_it_has_no_part_in_what_comes_later(alone: Served) -> None:
    """Once each rolling update was said to fail for the server that had ended with such a pod."""
    for pod, (reason, message) in zip(alone.pods, [("Evicted", LOW_DISK), ("Terminated", SHUTDOWN)], strict=True):
        alone.node.evict(pod, reason, message)
        alone.until_done()
    alone.folder.publish(2)
    alone.edit(versionLabels={"stable": 2}, podTemplate={"labels": {"edit": "1"}})
    seen: set[tuple[str, str]] = set()

    def is_done() -> bool:
        ready, progressing = alone.condition(), alone.condition("Progressing")
        seen.add((ready["reason"], progressing["status"]))
        return alone.is_done()

    alone.until(is_done)
    assert alone.answers("stable") == [2, 2]
    assert "ModelServerFailed" not in {reason for reason, _ in seen}
    assert {progressing for _, progressing in seen} == {"True"}
    assert counts(alone) == (2, 2)
    assert len(alone.api.list("Pod", alone.namespace)) == 4, "the dead ones are there still"

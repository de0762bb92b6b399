"""Why a pod is dead, told from statuses as kubelets have written them (issues of kubernetes and of its users)."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.domain.pods.pods import NAME, container, ended, pod
from tfs_operator.domain.pods import DeadPod, PodFacts, dead_pods, is_dead, lost

LOW_DISK = (
    "The node was low on resource: ephemeral-storage. Threshold quantity: 2146223340, available: 1883424Ki. Container "
    "model-server was using 10304Ki, request is 0, has larger consumption of ephemeral-storage. "
)
LOW_MEMORY = (
    "The node was low on resource: memory. Threshold quantity: 100Mi, available: 17348Ki. Container model-server was "
    "using 35505620Ki, request is 0, has larger consumption of memory. "
)
SHUTDOWN = "Pod was terminated in response to imminent node shutdown."
REJECTED = "Pod was rejected as the node is shutting down."
NO_GPU = (
    "Pod was rejected: Allocate failed due to no healthy devices present; cannot allocate unhealthy devices "
    "nvidia.com/gpu, which is unexpected"
)
OUT_OF_CPU = "Pod was rejected: Node didn't have enough resource: cpu, requested: 150, used: 11388, capacity: 11500"
PREEMPTED = "Preempted in order to admit critical pod"


def dead(reason: str, message: str, phase: str = "Failed", **status: Any) -> dict[str, Any]:
    """As a kubelet leaves it: its containers are over, or were never started."""
    over = {"type": "Ready", "status": "False", "reason": "PodFailed", "lastTransitionTime": "2026-11-21T06:30:10Z"}
    told = {"reason": reason, "message": message} if reason else {}
    found = pod(**{"phase": phase, "conditions": [over], **told, **status})
    found["metadata"]["creationTimestamp"] = "2026-11-21T06:00:00Z"
    return found


def words(manifest: dict[str, Any], *, keeps_models: bool = False) -> str:
    [found] = dead_pods([manifest])
    return found.words(keeps_models=keeps_models)


@pytest.mark.parametrize("phase", ["Pending", "Running", "Unknown", "Failed", "Succeeded"])
def test_a_pod_is_dead_in_the_two_phases_that_never_end(phase: str) -> None:
    assert is_dead(pod(phase=phase)) is (phase in ("Failed", "Succeeded"))


def test_a_pod_without_a_status_is_not_dead() -> None:
    assert not is_dead({"metadata": {"name": "a"}})


def test_the_others_are_left_out() -> None:
    assert [each.reason for each in dead_pods([pod(phase="Running"), dead("Evicted", LOW_DISK)])] == ["Evicted"]


class TestWords:
    @pytest.mark.parametrize(
        ("reason", "message", "how", "helps"),
        [
            ("Evicted", LOW_DISK, "was evicted", "request ephemeral-storage in server.resources, or make room"),
            ("Evicted", LOW_MEMORY, "was evicted", "request as much memory as the models need in server.resources"),
            (
                "Evicted",
                "The node was low on resource: inodes. Threshold quantity: 5%, available: 1. ",
                "was evicted",
                "request ephemeral-storage in server.resources",
            ),
            ("Evicted", "The node was low on resource: pids. ", "was evicted", "run out of process numbers"),
            ("Evicted", "Pod The node had condition: [DiskPressure]. ", "was evicted", "make room on the node"),
            ("Evicted", "The node had condition: [MemoryPressure]. ", "was evicted", "server.resources"),
            (
                "Evicted",
                'Container model-server exceeded its local ephemeral storage limit "1Gi". ',
                "was evicted",
                "raise server.resources.limits.ephemeral-storage",
            ),
            (
                "Evicted",
                'Container fetcher exceeded its local ephemeral storage limit "1Gi". ',
                "was evicted",
                "raise storage.resources.limits.ephemeral-storage",
            ),
            (
                "Evicted",
                "Pod ephemeral local storage usage exceeds the total limit of containers 2Gi. ",
                "was evicted",
                "raise server.resources.limits.ephemeral-storage",
            ),
            ("Preempting", PREEMPTED, "was preempted", "a higher podTemplate.priorityClassName keeps it"),
            ("UnexpectedAdmissionError", NO_GPU, "ended (UnexpectedAdmissionError)", "its device plugin"),
            (
                "NodeAffinity",
                "Pod was rejected: Predicate NodeAffinity failed",
                "ended (NodeAffinity)",
                "correct podTemplate.nodeSelector",
            ),
        ],
    )
    def test_the_kubelets_words_and_the_field_that_helps(self, reason: str, message: str, how: str, helps: str) -> None:
        found = words(dead(reason, message))
        assert found.startswith(f"pod {NAME} {how}: {message.strip().rstrip('.')}: ")
        assert helps in found

    @pytest.mark.parametrize(
        ("reason", "message", "phase", "expected"),
        [
            ("Terminated", SHUTDOWN, "Failed", f"was ended by the shutdown of its node: {SHUTDOWN[:-1]}"),
            ("Terminated", SHUTDOWN, "Succeeded", f"was ended by the shutdown of its node: {SHUTDOWN[:-1]}"),
            ("Shutdown", "Node is shutting, evicting pods", "Failed", "was ended by the shutdown of its node: Node is"),
            ("NodeShutdown", REJECTED, "Failed", f"was rejected by a node that shuts down: {REJECTED[:-1]}"),
            ("OutOfcpu", OUT_OF_CPU, "Failed", f"ended (OutOfcpu): {OUT_OF_CPU}"),
            ("", "", "Failed", "ended"),
            ("", "", "Succeeded", "ended"),
        ],
    )
    def test_another_pod_takes_its_place_and_nothing_is_to_be_done(
        self, reason: str, message: str, phase: str, expected: str
    ) -> None:
        assert words(dead(reason, message, phase)).startswith(f"pod {NAME} {expected}")

    def test_fetched_models_lie_on_the_nodes_disk(self) -> None:
        assert words(dead("Evicted", LOW_DISK), keeps_models=True).endswith(
            ": the models that are fetched lie on the node's disk: request ephemeral-storage in server.resources, or "
            "keep them on a claim (storage.cache), or make room on the node"
        )

    @pytest.mark.parametrize(
        ("message", "expected"),
        [
            (LOW_DISK, f"was evicted: {LOW_DISK.strip().rstrip('.')}"),
            (SHUTDOWN, f"ended (TerminationByKubelet): {SHUTDOWN[:-1]}"),
        ],
    )
    def test_a_kubelet_that_lost_the_reason_has_it_in_a_condition(self, message: str, expected: str) -> None:
        """kubernetes/kubernetes#105467: the status is written a second time, without reason and message."""
        disruption = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "TerminationByKubelet",
            "message": message,
        }
        assert words(dead("", "", conditions=[disruption])).startswith(f"pod {NAME} {expected}")

    def test_a_long_message_is_cut(self) -> None:
        assert len(words(dead("Evicted", "x" * 5000))) < 700


class TestWhen:
    def test_it_died_when_it_last_changed(self) -> None:
        over = container({"terminated": {"exitCode": 137, "finishedAt": "2026-11-21T06:30:12Z"}})
        times = [dead("Evicted", LOW_DISK), dead("Evicted", LOW_DISK, containerStatuses=[over])]
        assert [each.at for each in dead_pods(times)] == [1795242610.0, 1795242612.0]

    def test_one_that_was_never_admitted_died_when_it_was_made(self) -> None:
        found = dead("OutOfcpu", OUT_OF_CPU, conditions=[])
        assert [each.at for each in dead_pods([found])] == [1795240800.0]


class TestWhetherItMatters:
    """While its replacement is not ready."""

    GONE = DeadPod("gone", "Evicted", LOW_DISK.strip(), 1000.0)
    READY = PodFacts("a", "10.0.0.1", True, False, "d", "u/0", None, created_at=10.0)
    AWAITED = replace(READY, name="b", ready=False, created_at=1001.0)

    def test_while_too_few_pods_are_ready(self) -> None:
        assert lost([self.GONE], [self.READY, self.AWAITED], 2, 1100.0) == self.GONE

    def test_not_once_enough_are_ready(self) -> None:
        ready = replace(self.AWAITED, ready=True)
        assert lost([self.GONE], [self.READY, ready], 2, 1100.0) is None
        assert lost([self.GONE], [self.READY, ready, replace(self.AWAITED, name="c")], 2, 1100.0) is None

    def test_not_when_the_awaited_pod_was_made_for_another_reason(self) -> None:
        """Scaled up a week later, or a rollout."""
        late = replace(self.AWAITED, created_at=1000.0 + 7 * 86400)
        assert lost([self.GONE], [self.READY, late], 2, 2000.0 + 7 * 86400) is None

    def test_however_long_the_replacement_takes(self) -> None:
        assert lost([self.GONE], [self.READY, self.AWAITED], 2, 1000.0 + 7 * 86400) == self.GONE

    def test_in_the_moment_before_there_is_a_replacement(self) -> None:
        assert lost([self.GONE], [self.READY], 2, 1005.0) == self.GONE

    def test_of_many_the_last_one(self) -> None:
        later = replace(self.GONE, name="later", at=1002.0)
        assert lost([later, self.GONE], [self.AWAITED], 1, 1100.0) == later

    def test_nothing_is_lost_where_no_pod_died(self) -> None:
        assert lost([], [self.AWAITED], 2, 1100.0) is None


def test_a_dead_server_has_not_crashed() -> None:
    """Its death is told as the pod's, not as that of its server."""
    over = container(
        ended(137, "ContainerStatusUnknown", "The container could not be located when the pod was deleted")
    )
    assert words(dead("Evicted", LOW_DISK, containerStatuses=[over])).startswith(f"pod {NAME} was evicted: ")


def test_the_words_of_a_kubelet_are_one_line_that_can_be_printed() -> None:
    assert words(dead("Ev\x1b[2J", "two\nlines\u202e")) == f"pod {NAME} ended (Ev [2J): two lines"

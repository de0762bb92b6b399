"""A pod's trouble, told from manifests as kubelet and scheduler write them."""

from typing import Any

import pytest

from testing.replica_set import HASH, made_by
from tests.unit.domain.pods.pods import (
    ANNOTATION,
    IMAGE,
    LAST_WORDS,
    NAME,
    SERVER_LOG,
    container,
    ended,
    found,
    pod,
    waiting,
)
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.pods import PodFacts, facts, is_made_by
from tfs_operator.domain.scheduling import explained
from tfs_operator.domain.tls import Certificate, as_last_words


def problem_of(*statuses: dict[str, Any]) -> Problem | None:
    return found(pod(containerStatuses=list(statuses))).problem


def test_a_ready_pod() -> None:
    ready = pod(
        phase="Running",
        podIP="10.244.0.7",
        conditions=[{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}],
        containerStatuses=[container({"running": {"startedAt": "2026-11-21T06:30:00Z"}}, ready=True, started=True)],
    )
    assert found(ready) == PodFacts(
        name=NAME,
        address="10.244.0.7",
        ready=True,
        terminating=False,
        models_digest="d1",
        incarnation="u1/0",
        problem=None,
        uid="u1",
        running=True,
        started_at=1795242600.0,
        memory_limit=900 * 1024 * 1024,
    )


@pytest.mark.parametrize(
    ("condition", "since"),
    [({"lastTransitionTime": "1970-01-01T00:10:00Z"}, 600.0), ({"lastTransitionTime": None}, 0.0), ({}, 0.0)],
)
def test_since_when_a_pod_is_ready(condition: dict[str, Any], since: float) -> None:
    assert found(pod(conditions=[{"type": "Ready", "status": "True", **condition}])).ready_at == since


def test_a_pod_that_nobody_has_seen_yet() -> None:
    assert found({"metadata": {"name": NAME}}) == PodFacts(NAME, "", False, False, "", "/0", None)


def test_a_pod_that_is_starting_has_no_problem() -> None:
    assert problem_of(waiting("ContainerCreating")) is None
    assert problem_of(container({"running": {}})) is None


def test_a_pod_on_its_way_out() -> None:
    leaving = pod()
    leaving["metadata"]["deletionTimestamp"] = "2026-11-21T06:30:00Z"
    assert found(leaving).terminating


def test_what_bounds_its_server_s_memory() -> None:
    started = container({"running": {"startedAt": "1970-01-01T00:01:40Z"}})
    assert (found(pod(containerStatuses=[started])).started_at, found(pod()).started_at) == (100.0, 0.0)
    unlimited = pod()
    unlimited["spec"] = {}
    assert (found(pod()).memory_limit, found(unlimited).memory_limit) == (900 * 1024 * 1024, 0)


def test_a_restart_is_another_incarnation() -> None:
    restarted = pod(containerStatuses=[container({"running": {}}, restartCount=2)])
    assert found(restarted).incarnation == "u1/2"


def test_restarts_of_init_containers_count_too() -> None:
    restarted = pod(
        initContainerStatuses=[container({"running": {}}, restartCount=1)],
        containerStatuses=[container({"running": {}}, restartCount=2)],
    )
    assert found(restarted).incarnation == "u1/3"


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull"])
def test_an_image_that_cannot_be_pulled(reason: str) -> None:
    words = f'Back-off pulling image "{IMAGE}": ErrImagePull: not found'
    advice = "correct server.image, or name a Secret of its registry in server.imagePullSecrets"
    assert problem_of(waiting(reason, words)) == Problem(
        Reason.IMAGE_NOT_PULLED, f"pod {NAME}: image {IMAGE}: {words}: {advice}"
    )


def test_without_a_message_the_reason_is_told() -> None:
    problem = problem_of(waiting("ImagePullBackOff"))
    assert problem is not None
    assert problem.message.startswith(f"pod {NAME}: image {IMAGE}: ImagePullBackOff: ")


def test_the_image_of_an_init_container_is_the_operators() -> None:
    problem = found(pod(initContainerStatuses=[waiting("ErrImagePull", "no such image")])).problem
    assert problem is not None
    assert "no such image: it is the operator's own image" in problem.message


@pytest.mark.parametrize("reason", ["CreateContainerConfigError", "CreateContainerError", "RunContainerError"])
def test_a_container_that_cannot_be_created(reason: str) -> None:
    assert problem_of(waiting(reason, 'secret "keys" not found')) == Problem(
        Reason.CONTAINER_NOT_STARTED, f'pod {NAME}: secret "keys" not found'
    )


def test_a_crash_loop_is_told_in_the_servers_own_last_words() -> None:
    crashed = waiting(
        "CrashLoopBackOff",
        "back-off 40s restarting failed container=model-server",
        restartCount=3,
        lastState=ended(255, message=SERVER_LOG),
    )
    assert problem_of(crashed) == Problem(
        Reason.MODEL_SERVER_FAILED, f"pod {NAME}: the model server ended with exit code 255: {LAST_WORDS}"
    )


def test_a_server_that_has_just_ended_is_told_too() -> None:
    assert problem_of(container(ended(1))) == Problem(
        Reason.MODEL_SERVER_FAILED, f"pod {NAME}: the model server ended with exit code 1"
    )


def test_a_server_that_was_killed_for_memory() -> None:
    killed = waiting("CrashLoopBackOff", restartCount=1, lastState=ended(137, "OOMKilled"))
    assert problem_of(killed) == Problem(
        Reason.MODEL_SERVER_FAILED,
        f"pod {NAME}: the model server was killed, out of memory (limit 900Mi); raise server.resources.limits.memory: "
        "while a version moves, two are in memory",
    )


@pytest.mark.parametrize("where", ["initContainerStatuses", "containerStatuses"])
def test_another_container_that_ended_is_not_taken_for_the_server(where: str) -> None:
    """Once the memory of a fetcher was said to be the model server's."""
    killed = waiting("CrashLoopBackOff", restartCount=3, lastState=ended(137, "OOMKilled"), name="fetcher")
    manifest = pod(**{where: [killed]})
    manifest["spec"]["initContainers"] = [{"name": "fetcher", "resources": {"limits": {"memory": "256Mi"}}}]
    facts = found(manifest)
    words = f"pod {NAME}: container fetcher was killed, out of memory (limit 256Mi)"
    assert (facts.problem, facts.crashed, facts.death) == (Problem(Reason.CONTAINER_FAILED, words), False, None)


def test_the_server_is_told_before_another_container() -> None:
    killed = container({"running": {}}, lastState=ended(137, "OOMKilled"), name="fetcher")
    facts = found(pod(initContainerStatuses=[killed], containerStatuses=[container(ended(1))]))
    assert facts.problem is not None
    assert facts.problem.reason == Reason.MODEL_SERVER_FAILED
    assert facts.crashed


class TestWhetherItServedWhenItDied:
    """By when the pod stopped being ready, and when the process that ended had started."""

    STARTED = "2026-11-21T06:30:00Z"
    SEGFAULT = {"exitCode": 139, "reason": "Error", "message": "", "startedAt": STARTED}  # noqa: RUF012  # no test changes it

    def found(self, turned: str, *, exit_code: int = 139, again: bool = True, ready: str = "False") -> PodFacts:
        ended = {"terminated": {**self.SEGFAULT, "exitCode": exit_code}}
        state = container({"running": {}}, lastState=ended) if again else container(ended)
        conditions = [{"type": "Ready", "status": ready, "lastTransitionTime": turned}]
        return found(pod(conditions=conditions, containerStatuses=[state]))

    @pytest.mark.parametrize("again", [True, False])
    @pytest.mark.parametrize(
        ("code", "words"),
        [
            (137, "was killed by signal 9 (SIGKILL)"),
            (139, "was killed by signal 11 (SIGSEGV)"),
            (255, "ended with exit code 255"),
        ],
    )
    def test_it_had_been_ready(self, again: bool, code: int, words: str) -> None:
        facts = self.found("2026-11-21T09:00:00Z", exit_code=code, again=again)
        assert (facts.died_serving, facts.crashed) == (True, False)
        assert facts.problem == Problem(
            Reason.MODEL_SERVER_FAILED, f"pod {NAME}: the model server {words} while it served"
        )

    @pytest.mark.parametrize("turned", ["2026-11-21T06:29:00Z", STARTED])
    def test_it_had_not_been_ready_since_it_started(self, turned: str) -> None:
        """Never, or an earlier process had been: a kubelet writes that the pod is not ready, then starts the next."""
        facts = self.found(turned)
        assert (facts.died_serving, facts.crashed) == (False, True)
        assert facts.problem is not None
        assert "while it served" not in facts.problem.message

    def test_one_that_is_well_again_has_no_problem(self) -> None:
        state = container({"running": {}}, ready=True, lastState={"terminated": self.SEGFAULT})
        conditions = [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-21T09:00:00Z"}]
        facts = found(pod(conditions=conditions, containerStatuses=[state]))
        assert (facts.died_serving, facts.crashed, facts.problem) == (False, False, None)

    def test_one_that_ended_without_an_error_has_not_died(self) -> None:
        assert not self.found("2026-11-21T09:00:00Z", exit_code=0).died_serving


@pytest.mark.parametrize(
    ("code", "reason", "told"), [(137, "Error", True), (137, "OOMKilled", False), (1, "Error", False)]
)
def test_a_server_that_was_killed_before_it_served_is_told_with_its_age(code: int, reason: str, told: bool) -> None:
    """The startup probe ends a server that does not come up within `rollout.loadTimeoutSeconds`."""
    times = {"startedAt": "2026-11-21T06:30:00Z", "finishedAt": "2026-11-21T06:40:02Z"}
    over = {"terminated": {"exitCode": code, "reason": reason, **times}}
    problem = problem_of(container(over))
    assert problem is not None
    assert (" after 602 s" in problem.message) is told


def test_a_server_that_runs_again_is_not_well_before_it_is_ready() -> None:
    again = container({"running": {}}, restartCount=1, lastState=ended(255))
    assert problem_of(again) is not None
    assert problem_of({**again, "ready": True}) is None


@pytest.mark.parametrize(
    ("status", "crashed"),
    [
        (waiting("CrashLoopBackOff", lastState=ended(255)), True),
        (container({"running": {}}, restartCount=1, lastState=ended(255)), True),
        (container({"running": {}}, restartCount=1, lastState=ended(255), ready=True), False),
        (container(ended(0, "Completed")), False),
        (waiting("ImagePullBackOff"), False),
        (waiting("ContainerCreating"), False),
    ],
)
def test_a_pod_has_crashed_when_its_server_has(status: dict[str, Any], crashed: bool) -> None:
    assert found(pod(containerStatuses=[status])).crashed is crashed


def test_a_server_that_ended_by_itself_did_not_fail() -> None:
    assert problem_of(container(ended(0, "Completed"))) is None


def test_a_pod_that_no_node_has_room_for() -> None:
    words = "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available."
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": words}
    unscheduled = found(pod(conditions=[scheduled]))
    assert unscheduled.problem == Problem(Reason.UNSCHEDULABLE, f"pod {NAME}: {explained(words, gpus=0)}")
    del scheduled["message"]
    assert found(pod(conditions=[scheduled])).problem == Problem(Reason.UNSCHEDULABLE, f"pod {NAME}: Unschedulable")


@pytest.mark.parametrize(
    ("status", "lacking", "since"),
    [("False", "nvidia.com/gpu", 600.0), ("False", "cpu", 0.0), ("True", "nvidia.com/gpu", 0.0)],
)
def test_since_when_a_pod_waits_for_a_gpu(status: str, lacking: str, since: float) -> None:
    words = f"0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient {lacking}. preemption: none."
    scheduled = {"type": "PodScheduled", "status": status, "message": words}
    waiting_pod = pod(conditions=[{**scheduled, "lastTransitionTime": "1970-01-01T00:10:00Z"}])
    assert facts(waiting_pod, ANNOTATION, gpus=1).no_gpu_since == since


def test_the_pod_says_how_many_gpus_it_lacks() -> None:
    words = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
    waiting_pod = pod(conditions=[{"type": "PodScheduled", "status": "False", "message": words}])
    problem = facts(waiting_pod, ANNOTATION, gpus=2).problem
    assert problem is not None
    assert problem.message.startswith(f"pod {NAME}: 0/3 nodes have 2 nvidia.com/gpu free")


def test_the_image_is_told_before_the_last_crash() -> None:
    both = waiting("ImagePullBackOff", "not found", lastState=ended(255))
    problem = problem_of(both)
    assert problem is not None
    assert problem.reason == Reason.IMAGE_NOT_PULLED


def test_an_init_container_is_told_before_the_server() -> None:
    manifest = pod(
        initContainerStatuses=[waiting("ImagePullBackOff", "first")],
        containerStatuses=[waiting("ErrImagePull", "second")],
    )
    problem = found(manifest).problem
    assert problem is not None
    assert "first" in problem.message


NO_KEY = "server.tls.secretName: Secret mnist-tls has no key tls.key: add it"


def init(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return container(state, **{"name": "tls", **more})


@pytest.mark.parametrize(
    "status",
    [
        init({"waiting": {"reason": "CrashLoopBackOff"}}, lastState=ended(1, message=NO_KEY), restartCount=3),
        init({"running": {"startedAt": "2026-11-21T06:30:00Z"}}, lastState=ended(1, message=NO_KEY), restartCount=3),
        init(ended(1, message=NO_KEY)),
    ],
    ids=["between two attempts", "waiting for the Secret", "just ended"],
)
def test_a_secret_that_cannot_serve_is_no_failure_of_the_model_server(status: dict[str, Any]) -> None:
    pod_facts = found(pod(initContainerStatuses=[status], containerStatuses=[waiting("PodInitializing")]))
    assert pod_facts.problem == Problem(Reason.TLS_NOT_USABLE, f"pod {NAME}: {NO_KEY}")
    assert not pod_facts.crashed
    assert pod_facts.certificate == Certificate("")


def test_a_pod_tells_which_certificate_it_serves() -> None:
    words = as_last_words(Certificate("ab" * 32, "mnist.shop.svc", 1.0, 2.0))
    pod_facts = found(pod(initContainerStatuses=[init(ended(0, "Completed", words), ready=True)]))
    assert pod_facts.certificate == Certificate("ab" * 32, "mnist.shop.svc", 1.0, 2.0)
    assert pod_facts.problem is None


LABELLED = {"name": "mnist-x", "labels": {"app.kubernetes.io/instance": "mnist"}}


class TestWhoHasMadeThePod:
    """A pod that somebody else has given the labels of a TFModel's pods would be sent reloads, and counted."""

    def made(self, **changes: Any) -> bool:
        metadata = {**made_by("mnist", LABELLED), **changes}
        return is_made_by({"metadata": metadata}, ("mnist", "mnist.trial"))

    def test_a_replica_set_of_the_deployment(self) -> None:
        assert self.made()
        assert is_made_by({"metadata": made_by("mnist.trial", LABELLED)}, ("mnist", "mnist.trial"))

    @pytest.mark.parametrize(
        "owner",
        [
            {"kind": "ReplicaSet", "name": f"other-{HASH}", "controller": True},
            {"kind": "ReplicaSet", "name": "mnist", "controller": True},
            {"kind": "ReplicaSet", "name": f"mnist-{HASH}", "controller": False},
            {"kind": "StatefulSet", "name": f"mnist-{HASH}", "controller": True},
        ],
    )
    def test_anybody_else(self, owner: dict[str, Any]) -> None:
        assert not self.made(ownerReferences=[owner])

    @pytest.mark.parametrize("none", [[], None])
    def test_nobody(self, none: Any) -> None:
        assert not self.made(ownerReferences=none)

"""The scheduler's sentences, as kube-scheduler 1.28 to 1.35 writes them, and what a person is told instead."""

import pytest

from tfs_operator.domain.scheduling import FitError, explained, parse_fit_error

TAIL = " preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."
NEWER_TAIL = " no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful."
GPU = "add a node with GPUs or free some"


@pytest.mark.parametrize("tail", ["", TAIL, NEWER_TAIL])
def test_the_causes_are_what_stands_before_the_first_full_stop(tail: str) -> None:
    words = f"0/3 nodes are available: 1 node(s) had untolerated taint {{nvidia.com/gpu: }}, 2 Insufficient cpu.{tail}"
    assert parse_fit_error(words) == FitError(
        3, ("1 node(s) had untolerated taint {nvidia.com/gpu: }", "2 Insufficient cpu")
    )


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Unschedulable",
        "no nodes available to schedule pods",
        "1/3 nodes are available",
        "0/٣ nodes are available: x",
    ],
)
def test_another_sentence_has_no_causes_and_is_left_as_it_is(words: str) -> None:
    assert parse_fit_error(words) is None
    assert explained(words, gpus=0) == words


def test_a_number_of_nodes_that_no_cluster_has() -> None:
    assert parse_fit_error(f"0/{'9' * 5000} nodes are available: 1 Insufficient cpu.") is None


@pytest.mark.parametrize(
    ("causes", "lacks"),
    [
        ("3 Insufficient nvidia.com/gpu", True),
        ("1 Too many pods, 2 Insufficient nvidia.com/gpu", True),
        ("3 Insufficient nvidia.com/gpu.shared", False),
        ("3 node(s) had untolerated taint {nvidia.com/gpu: }", False),
        ("3 Insufficient cpu", False),
    ],
)
def test_whether_a_gpu_is_what_lacks(causes: str, lacks: bool) -> None:
    found = parse_fit_error(f"0/3 nodes are available: {causes}.{TAIL}")
    assert found is not None
    assert found.lacks_gpu is lacks


@pytest.mark.parametrize(
    ("causes", "gpus", "told"),
    [
        ("3 Insufficient nvidia.com/gpu", 1, f"0/3 nodes have 1 nvidia.com/gpu free: {GPU}"),
        ("3 Insufficient nvidia.com/gpu", 2, f"0/3 nodes have 2 nvidia.com/gpu free: {GPU}, or ask for fewer in gpus"),
        (
            "1 node(s) had untolerated taint(s), 2 Insufficient nvidia.com/gpu",
            1,
            f"0/3 nodes have 1 nvidia.com/gpu free (1 node(s) had untolerated taint(s)): {GPU}; "
            "tolerate the taint in podTemplate.tolerations, or add a node without it",
        ),
        (
            "3 Insufficient cpu",
            0,
            "0/3 nodes are available (3 Insufficient cpu): "
            "ask for less CPU in server.resources.requests, or add a node",
        ),
        (
            "1 Insufficient memory, 2 node(s) were unschedulable",
            0,
            "0/3 nodes are available (1 Insufficient memory, 2 node(s) were unschedulable): "
            "ask for less memory in server.resources.requests, or add a node",
        ),
        (
            "3 node(s) didn't match Pod's node affinity/selector",
            0,
            "0/3 nodes are available (3 node(s) didn't match Pod's node affinity/selector): "
            "correct podTemplate.nodeSelector or affinity, or label a node",
        ),
        (
            "3 node(s) had volume node affinity conflict",
            0,
            "0/3 nodes are available (3 node(s) had volume node affinity conflict): "
            "make room on the nodes that the claim's volume is bound to, or use a volume that is not bound",
        ),
        (
            'persistentvolumeclaim "models" not found',
            0,
            '0/3 nodes are available (persistentvolumeclaim "models" not found): create the claim, or correct modelUri',
        ),
        ("3 node(s) had a bad day", 0, "0/3 nodes are available (3 node(s) had a bad day)"),
    ],
)
def test_what_no_node_has_is_said_first_and_then_what_to_do(causes: str, gpus: int, told: str) -> None:
    assert explained(f"0/3 nodes are available: {causes}.{NEWER_TAIL}", gpus) == told


def test_a_large_and_varied_cluster_makes_no_endless_message() -> None:
    causes = ", ".join(f"1 node(s) had untolerated taint {{team-{number}: yes}}" for number in range(500))
    assert len(explained(f"0/500 nodes are available: {causes}.", gpus=0)) < 800

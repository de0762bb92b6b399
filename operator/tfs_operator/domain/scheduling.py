"""Explains why the scheduler finds no node for a pod: shortens its message and adds what to do.

It reads `0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient nvidia.com/gpu. preemption: …`.
Source: k8s.io/kubernetes/pkg/scheduler/framework/types.go, FitError, and the plugins' reasons beside it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

GPU = "nvidia.com/gpu"
_LIMIT = 600
_SENTENCE = re.compile(r"^0/(?P<nodes>[0-9]{1,9}) nodes are available: (?P<causes>.*?)(?:\. |\.?$)", re.DOTALL)
_NO_GPU = f"Insufficient {GPU}"
_VOLUME_ELSEWHERE = "make room on the nodes that the claim's volume is bound to, or use a volume that is not bound"
_ADVICE = (
    ("Insufficient ephemeral-storage", "ask for less in server.resources, or add a node"),
    ("Insufficient cpu", "ask for less CPU in server.resources.requests, or add a node"),
    ("Insufficient memory", "ask for less memory in server.resources.requests, or add a node"),
    ("Too many pods", "add a node"),
    ("untolerated taint", "tolerate the taint in podTemplate.tolerations, or add a node without it"),
    ("didn't match Pod's node affinity/selector", "correct podTemplate.nodeSelector or affinity, or label a node"),
    ("volume node affinity", _VOLUME_ELSEWHERE),
    ("PersistentVolume's node affinity", _VOLUME_ELSEWHERE),
    ("no available volume zone", _VOLUME_ELSEWHERE),
    ("ReadWriteOncePod", "use a claim that several pods may mount (ReadOnlyMany or ReadWriteMany)"),
    ("affinity", "loosen podTemplate.affinity, or add a node"),
    ("topology spread", "loosen podTemplate.topologySpreadConstraints, or add a node"),
    ("were unschedulable", "uncordon a node, or add one"),
    ("PersistentVolumeClaims", "bind the claim: see kubectl describe pvc"),
    ("persistentvolumeclaim", "create the claim, or correct modelUri"),
)


@dataclass(frozen=True)
class FitError:
    """`nodes` is how many were looked at, `causes` how many of them are ruled out by what."""

    nodes: int
    causes: tuple[str, ...]

    @property
    def lacks_gpu(self) -> bool:
        return any(cause.endswith(_NO_GPU) for cause in self.causes)


def parse_fit_error(message: str) -> FitError | None:
    """Parses the scheduler's message; None for one of another form, such as `no nodes available to schedule pods`."""
    found = _SENTENCE.match(message)
    return FitError(int(found["nodes"]), tuple(found["causes"].split(", "))) if found else None


def explained(message: str, gpus: int) -> str:
    """Returns what no node has, and what to do. `gpus` is the number of GPUs that the pod requests."""
    found = parse_fit_error(message)
    advice = "; ".join(_advice(found.causes if found else (message,), gpus))
    return f"{_finding(found, gpus) if found else message}"[:_LIMIT] + (f": {advice}" if advice else "")


def _finding(found: FitError, gpus: int) -> str:
    if not found.lacks_gpu:
        return f"0/{found.nodes} nodes are available ({', '.join(found.causes)})"
    others = ", ".join(cause for cause in found.causes if not cause.endswith(_NO_GPU))
    return f"0/{found.nodes} nodes have {gpus or 1} {GPU} free" + (f" ({others})" if others else "")


def _advice(causes: tuple[str, ...], gpus: int) -> Iterator[str]:
    """One for the GPUs, and one for the first other cause that is known."""
    if any(cause.endswith(_NO_GPU) for cause in causes):
        yield "add a node with GPUs or free some" + (", or ask for fewer in gpus" if gpus > 1 else "")
    for words, advice in _ADVICE:
        if any(words in cause for cause in causes):
            yield advice
            return

"""The operator's own figures, summed over its pods."""

import re
from collections.abc import Mapping

from testing.local_cluster.killing import SELECTOR
from testing.local_cluster.kubectl import Kubectl

PORT = 8080


def total(operator: Kubectl, name: str, labels: Mapping[str, str] | None = None) -> float:
    """Of a counter, over all of its series whose labels match these patterns. Begins anew with an operator's pod."""
    pages = [page(operator, pod["metadata"]["name"]) for pod in operator.find("pods", SELECTOR)]
    lines = [line for text in pages for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(line.rpartition(" ")[2]) for line in lines if matches(line, labels or {}))


def page(operator: Kubectl, pod: str) -> str:
    return operator("get", "--raw", f"/api/v1/namespaces/{operator.namespace}/pods/{pod}:{PORT}/proxy/metrics")


def matches(line: str, labels: Mapping[str, str]) -> bool:
    return all(re.search(rf'[{{,]{label}="(?:{pattern})"', line) for label, pattern in labels.items())

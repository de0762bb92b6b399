"""What to read when something in a namespace did not go as it should."""

from testing.local_cluster import chart
from testing.local_cluster.commands import CommandError
from testing.local_cluster.kubectl import Kubectl

KINDS = "tfmodels,pods,deployments,services,configmaps,persistentvolumeclaims"
LINES = 60


def excerpt(kubectl: Kubectl) -> str:
    """Objects, events and the last lines of logs, of this namespace and of the operator."""
    operator = kubectl.within(chart.NAMESPACE)
    return "\n\n".join(
        [
            said(kubectl, "get", KINDS, "--output", "wide"),
            said(kubectl, "get", "tfmodels", "--output", "yaml"),
            said(kubectl, "describe", "pods"),
            said(kubectl, "get", "events", "--sort-by", ".lastTimestamp"),
            *(said(kubectl, "logs", pod, "--tail", "20", "--all-containers") for pod in pods(kubectl)),
            said(operator, "get", "pods", "--output", "wide"),
            *(said(operator, "logs", pod, "--tail", "40") for pod in pods(operator)),
        ]
    )


def pods(kubectl: Kubectl) -> list[str]:
    try:
        return kubectl("get", "pods", "--output", "name", seconds=15).split()
    except CommandError:
        return []


def said(kubectl: Kubectl, *args: str) -> str:
    try:
        output = kubectl(*args, seconds=15).rstrip()
    except CommandError as error:
        output = str(error)
    lines = output.splitlines()
    kept = lines if len(lines) <= 2 * LINES else [*lines[:LINES], "…", *lines[-LINES:]]
    return "\n".join([f"$ kubectl --namespace {kubectl.namespace} {' '.join(args)}", *kept])

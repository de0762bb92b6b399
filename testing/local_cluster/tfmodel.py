"""A TFModel in the cluster, as the demo and the tests look at it: by its status, and never by its spec."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.pods import has_ended
from testing.waiting import eventually

MANAGED = {"app.kubernetes.io/managed-by": "tfs-operator", "app.kubernetes.io/name": "tensorflow-serving"}
CHILD_KINDS = "configmaps,deployments,services,poddisruptionbudgets,networkpolicies"
NOTHING: Manifest = {"metadata": {"generation": 0}}


@dataclass(frozen=True)
class TFModel:
    kubectl: Kubectl
    name: str

    @property
    def labels(self) -> dict[str, str]:
        return {**MANAGED, "app.kubernetes.io/instance": self.name}

    @property
    def selector(self) -> dict[str, str]:
        """Of its pods."""
        return {key: value for key, value in self.labels.items() if not key.endswith("managed-by")}

    def live(self) -> Manifest:
        return self.kubectl.get("tfmodel", self.name) or NOTHING

    def children(self, kinds: str = CHILD_KINDS) -> list[Manifest]:
        return self.kubectl.find(kinds, self.labels)

    def pods(self) -> list[Manifest]:
        """Those that count as replicas, as the ReplicaSet's controller says: neither being deleted nor at their end.

        A pod that was evicted, or that the kubelet did not admit, stays as Failed beside the one in its place.
        """
        found = self.kubectl.find("pods", self.selector)
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"] and not has_ended(pod)]

    def pod(self) -> Manifest:
        """The only one there is, or an error that tells them apart."""
        found = self.pods()
        if len(found) != 1:
            raise AssertionError(f"TFModel {self.name} has {len(found)} pods, not one: {[_told(p) for p in found]}")
        return found[0]

    def events(self) -> list[str]:
        """Returns their reasons, also that of a state that has passed before anybody looked."""
        found = self.kubectl.find("events.events.k8s.io")
        return [str(event["reason"]) for event in found if event["regarding"]["name"] == self.name]

    def condition(self, kind: str) -> Manifest:
        """Empty until the operator has looked at the spec that was applied last."""
        now = self.live()
        found = [c for c in now.get("status", {}).get("conditions", []) if c["type"] == kind]
        current = [c for c in found if c["observedGeneration"] == now["metadata"]["generation"]]
        return current[0] if current else {}

    def wait(self, kind: str, status: str = "True", reason: str | None = None, seconds: float = 180) -> Manifest:
        """The condition, once it has this status, and this reason if one is given."""
        last: list[Manifest] = []

        def reached() -> Manifest | None:
            last[:] = [now := self.condition(kind)]
            fits = now.get("status") == status and reason in (None, now["reason"])
            return now if fits else None

        what = f"condition {kind} of TFModel {self.name} to be {status} {reason or ''}".rstrip()
        return eventually(reached, seconds, lambda: last, what=what)

    @contextlib.contextmanager
    def forward(self) -> Iterator[tuple[str, str]]:
        """The REST URL and the gRPC address of the Service, on this machine."""
        with self.kubectl.forward(f"service/{self.name}", 8501, 8500) as (rest, grpc):
            yield f"http://{rest}", grpc


def _told(pod: Manifest) -> str:
    metadata, status = pod["metadata"], pod["status"]
    words = [str(status[key]) for key in ("phase", "reason", "message", "conditions") if key in status]
    return " ".join([metadata["name"], metadata["creationTimestamp"], *words])

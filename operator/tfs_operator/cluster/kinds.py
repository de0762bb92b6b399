"""The kinds that the operator reads or writes, and where the API server keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from tfs_operator.api import identity


@dataclass(frozen=True)
class Resource:
    """One row of the table."""

    api_version: str
    plural: str

    def path(self, namespace: str | None, name: str | None = None, subresource: str | None = None) -> str:
        """Returns the URL path, quoted; without a name the collection, without a namespace that of all."""
        prefix = "/api" if "/" not in self.api_version else "/apis"
        parts = [f"{prefix}/{self.api_version}"]
        if namespace is not None:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        parts += [quote(part, safe="") for part in (name, subresource) if part is not None]
        return "/".join(parts)

    @property
    def discovery_path(self) -> str:
        """Where the API server lists the kinds of this group and version."""
        return f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"


RESOURCES: Mapping[str, Resource] = {
    "ConfigMap": Resource("v1", "configmaps"),
    "Service": Resource("v1", "services"),
    "Pod": Resource("v1", "pods"),
    "Deployment": Resource("apps/v1", "deployments"),
    "PodDisruptionBudget": Resource("policy/v1", "poddisruptionbudgets"),
    "HorizontalPodAutoscaler": Resource("autoscaling/v2", "horizontalpodautoscalers"),
    "ScaledObject": Resource("keda.sh/v1alpha1", "scaledobjects"),
    "NetworkPolicy": Resource("networking.k8s.io/v1", "networkpolicies"),
    "Event": Resource("events.k8s.io/v1", "events"),
    "PodMetrics": Resource("metrics.k8s.io/v1beta1", "pods"),
    "Lease": Resource("coordination.k8s.io/v1", "leases"),
    identity.KIND: Resource(identity.API_VERSION, identity.PLURAL),
}
"""Kind → where it lives. A kind that is not here is a KeyError."""

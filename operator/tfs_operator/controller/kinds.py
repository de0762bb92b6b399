"""What is watched: TFModels, the children that the operator applies, and the pods that it asks."""

from collections.abc import Sequence
from typing import Any

from tfs_operator.api.identity import KIND
from tfs_operator.cluster.cache import controller_of
from tfs_operator.controller.key import TFModelKey
from tfs_operator.render.metadata import INSTANCE_LABEL, MANAGED_BY, MANAGED_BY_LABEL

TFMODEL = KIND
OPTIONAL_KINDS = ("ScaledObject",)
"""Of these the cluster may know nothing: their CustomResourceDefinitions come with other software."""
AUTOSCALER_KINDS = ("HorizontalPodAutoscaler", *OPTIONAL_KINDS)
CHILD_KINDS = (
    "ConfigMap",
    "Service",
    "Deployment",
    "PodDisruptionBudget",
    "NetworkPolicy",
    *AUTOSCALER_KINDS,
)
WATCHED_KINDS = (TFMODEL, *CHILD_KINDS, "Pod")
OURS = f"{MANAGED_BY_LABEL}={MANAGED_BY}"

Scope = tuple[str, str | None]
"""What one watch or list covers: a kind, in one namespace or in all."""


def scopes(namespaces: Sequence[str], kinds: Sequence[str] = WATCHED_KINDS) -> list[Scope]:
    """Returns all that is watched; no namespaces mean all of them."""
    return [(kind, namespace) for kind in kinds for namespace in namespaces or (None,)]


def label_selector(kind: str) -> str:
    """Of children and pods only our own are watched; one that loses the label arrives as deleted."""
    return "" if kind == TFMODEL else OURS


def tfmodel_of(item: dict[str, Any]) -> TFModelKey | None:
    """Returns the TFModel that an object belongs to."""
    metadata = item["metadata"]
    if item["kind"] == TFMODEL:
        return TFModelKey(metadata["namespace"], metadata["name"])
    owner = controller_of(item)
    name = owner["name"] if owner and owner["kind"] == TFMODEL else (metadata.get("labels") or {}).get(INSTANCE_LABEL)
    return TFModelKey(metadata["namespace"], name) if name else None

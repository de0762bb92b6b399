"""The TFModels of `make bench-scale`, and what is to become of each."""

from collections.abc import Iterator, Sequence

from bench.watch_cache import Name
from testing.api_client import Manifest
from tfs_operator.api.identity import API_VERSION, KIND
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.model_config import aspired_config
from tfs_operator.render import Settings, children
from tfs_operator.render.settings import NetworkPolicySettings

NAMESPACE = "bench"
OPERATOR_NAMESPACE = "default"
DEPLOYMENT, AUTOSCALER = "Deployment", "HorizontalPodAutoscaler"

FLAGS = ("--leader-elect", f"--lease-namespace={OPERATOR_NAMESPACE}", f"--operator-namespace={OPERATOR_NAMESPACE}")
"""As the chart starts the operator."""
SETTINGS = Settings(network_policies=NetworkPolicySettings(operator_namespace=OPERATOR_NAMESPACE))
"""What the flags mean for rendering."""

EVERY_KIND: Manifest = {
    "autoscaling": {"minReplicas": 2, "maxReplicas": 4, "targetCPUUtilizationPercentage": 80},
    "server": {"resources": {"requests": {"cpu": "1"}}},
}
"""What a TFModel asks for to have a child of every kind that needs no other software."""


AUTOSCALED: Manifest = {
    "autoscaling": {"minReplicas": 1, "maxReplicas": 4, "targetCPUUtilizationPercentage": 80},
    "server": {"resources": {"requests": {"cpu": "1"}}},
}
"""With an autoscaler, as each of KServe's has one."""


def tfmodel(name: str, **spec: object) -> Manifest:
    """An ordinary one: a version with a label, and all else as it is by default."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"modelUri": f"pvc://models/{name}", "versionLabels": {"stable": 1}, **spec},
    }


def many(count: int, **spec: object) -> list[Manifest]:
    return [tfmodel(f"model-{number:04}", **spec) for number in range(count)]


def children_of_each(tfmodels: Sequence[Manifest]) -> Iterator[Name]:
    """What the operator has to make of them."""
    for manifest in tfmodels:
        parsed = TFModel.parse(manifest)
        rendered = children(parsed, aspired_config(parsed.metadata.name, parsed.spec), SETTINGS)
        yield from (Name(child["kind"], NAMESPACE, child["metadata"]["name"]) for child in rendered)

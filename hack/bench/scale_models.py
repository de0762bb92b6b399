"""The TFModels of `make bench-scale`, and what is to become of each."""

from collections.abc import Iterator, Sequence

from hack.bench.board import Manifest, Name
from tfs_operator.api.identity import API_VERSION, KIND
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.model_config import wanted_config
from tfs_operator.render import Settings, children

NAMESPACE = "bench"
DEPLOYMENT = "Deployment"

EVERY_KIND: Manifest = {}
"""What a TFModel asks for beside `tfmodel` to have a child of each kind."""


def tfmodel(name: str, **spec: object) -> Manifest:
    """An ordinary one: two replicas, hence a PodDisruptionBudget, and a version with a label."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"modelUri": f"pvc://models/{name}", "versionLabels": {"stable": 1}, "replicas": 2, **spec},
    }


def many(count: int) -> list[Manifest]:
    return [tfmodel(f"model-{number:04}") for number in range(count)]


def children_of_each(tfmodels: Sequence[Manifest]) -> Iterator[Name]:
    """What the operator has to make of them."""
    for manifest in tfmodels:
        parsed = TFModel.parse(manifest)
        rendered = children(parsed, wanted_config(parsed.metadata.name, parsed.spec), Settings())
        yield from (Name(child["kind"], NAMESPACE, child["metadata"]["name"]) for child in rendered)

"""A TFModel in, its children out."""

from typing import Any

from tfs_operator.api.resource import TFModel
from tfs_operator.domain.model_config import aspired_config
from tfs_operator.render import Settings, children

Manifest = dict[str, Any]


def rendered(tfmodel: TFModel, settings: Settings | None = None) -> list[Manifest]:
    config = aspired_config(tfmodel.metadata.name, tfmodel.spec)
    return children(tfmodel, config, settings or Settings())


def tfmodel(name: str = "mnist", **spec: Any) -> TFModel:
    manifest = {
        "apiVersion": "tfs-operator.io/v1alpha1",
        "kind": "TFModel",
        "metadata": {"name": name, "namespace": "shop", "uid": "u1"},
        "spec": {"modelUri": "pvc://models/mnist", **spec},
    }
    return TFModel.parse(manifest)


def child(manifests: list[Manifest], kind: str, name: str | None = None) -> Manifest:
    """The one of this kind, or of this kind and name."""
    [found] = [item for item in manifests if item["kind"] == kind and name in (None, item["metadata"]["name"])]
    return found


def pod_spec(manifests: list[Manifest]) -> Manifest:
    spec: Manifest = child(manifests, "Deployment")["spec"]["template"]["spec"]
    return spec


def container(manifests: list[Manifest]) -> Manifest:
    [found] = pod_spec(manifests)["containers"]
    return dict(found)

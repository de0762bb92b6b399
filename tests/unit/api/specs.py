"""TFModels as users write them, and what is wrong with them."""

from typing import Any

from tfs_operator.api.resource import InvalidTFModel, TFModel
from tfs_operator.api.spec import TFModelSpec

URI = "pvc://models/mnist"


def manifest(name: str = "mnist", **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "metadata": {"name": name}, "spec": spec}


def parsed(**spec: Any) -> TFModelSpec:
    return TFModel.parse(manifest(**spec)).spec


def problems(document: dict[str, Any]) -> list[str]:
    """Empty when nothing is wrong."""
    try:
        TFModel.parse(document)
    except InvalidTFModel as error:
        return error.problems
    return []

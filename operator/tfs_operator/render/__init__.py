"""Pure: a typed TFModel in, the manifests of its children out; one kind a file."""

from tfs_operator.render.children import children
from tfs_operator.render.settings import Settings

__all__ = ["Settings", "children"]

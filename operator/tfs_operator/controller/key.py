"""What the work queue holds: which TFModel to look at. Never why: a reconcile does not depend on its cause."""

from typing import NamedTuple


class TFModelKey(NamedTuple):
    """Name of one TFModel."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
